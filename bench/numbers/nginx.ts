import { join } from 'node:path'
import { startBare } from '../bare-server.ts'
import { atLeast, type Bench } from '../bench.ts'
import { compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { startNginx } from '../nginx.ts'
import { installationWith, startPostern } from '../postern.ts'
import { withPrograms } from '../processes.ts'
import { authorizeRequest, plainRequest, someOf, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const tokens = 10_000
const names = {
  bare: 'nginx → bare node:http',
  postern: 'nginx → Postern, 10,000 tokens',
}

export const nginx: Bench = {
  name: 'nginx',
  title: 'nginx with auth_request',
  run: (context) =>
    withPrograms(async (keep) => {
      const installation = await installationWith(context, tokens)
      const bare = await keep(startBare())
      const postern = await keep(startPostern(installation))
      const folder = (name: string) => join(context.scratch, `nginx-${name}`)
      const beforeBare = await keep(startNginx(folder('bare'), new URL(bare.url).host))
      const beforePostern = await keep(startNginx(folder('postern'), new URL(postern.authorizeUrl).host))
      const asking = writeRequests(join(context.scratch, 'nginx-asking'), someOf(installation).map(authorizeRequest))
      await askEachOnce({ url: postern.authorizeUrl, requests: asking, connections, expected: 200 })
      const requests = writeRequests(join(context.scratch, 'nginx-requests'), someOf(installation).map(plainRequest))
      const { rows, ratio } = await compare(context, [
        { name: names.bare, server: beforeBare, others: [bare], load: { requests } },
        { name: names.postern, server: beforePostern, others: [postern], load: { requests } },
      ])
      const note =
        'nginx (one worker) and the server that it asks share a core, and time and memory are those of both. The configuration is that of docs/guide/nginx.conf, with a file of 6 bytes behind it.'
      return {
        tables: [{ title: 'Requests through nginx, each with a question to the gate', columns: comparisonColumns, rows, note }],
        targets: [atLeast('4. nginx auth_request → Postern, relative to → bare node:http', 0.9, ratio(names.postern, names.bare))],
      }
    }),
}
