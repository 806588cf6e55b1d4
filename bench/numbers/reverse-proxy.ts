import { join } from 'node:path'
import { startBare } from '../bare-server.ts'
import { atLeast, type Bench } from '../bench.ts'
import { compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { makeInstallation, startPostern } from '../postern.ts'
import { clientCore, start, withPrograms } from '../processes.ts'
import { plainRequest, someOf, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const tokens = 10_000
const names = { bare: 'undici behind node:http, without a check', postern: 'Postern’s reverse proxy, 10,000 tokens' }
/** What the origin answers with. */
const originHeaders = ['content-type', 'application/json', 'content-length', '0']

export const reverseProxy: Bench = {
  name: 'reverse-proxy',
  title: 'The reverse proxy',
  run: (context) =>
    withPrograms(async (keep) => {
      const origin = await keep(startBare(originHeaders, clientCore))
      const folder = join(context.scratch, 'reverse-proxy')
      const installation = await makeInstallation(context, folder, tokens, { ORIGIN_URL: origin.url })
      const requests = writeRequests(join(context.scratch, 'reverse-proxy-requests'), someOf(installation).map(plainRequest))
      const program = [process.execPath, join(import.meta.dirname, '..', 'servers', 'bare-proxy.mjs'), origin.url]
      const bare = await keep(start({ command: program, ready: /ready at (\S+)/ }))
      const postern = await keep(startPostern(installation))
      await askEachOnce({ url: postern.url, requests, connections, expected: 200 })
      const { rows, ratio } = await compare(context, [
        { name: names.bare, server: bare, load: { requests } },
        { name: names.postern, server: postern, load: { requests } },
      ])
      const note = 'The origin, a bare node:http server, shares a core with the load generator; the proxies have the other one.'
      return {
        tables: [{ title: 'Requests through the reverse proxy, as fast as they are answered', columns: comparisonColumns, rows, note }],
        targets: [atLeast('6. the reverse proxy, relative to the proxy library without a check', 0.9, ratio(names.postern, names.bare))],
      }
    }),
}
