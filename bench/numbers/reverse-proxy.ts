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
const names = {
  request: 'undici’s request and a pipeline, without a check',
  dispatch: 'undici’s dispatch, without a check',
  postern: 'Postern’s reverse proxy (dispatch), 10,000 tokens',
}
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
      const bare = (way: string) => keep(start({ command: [...program, way], ready: /ready at (\S+)/ }))
      const [request, dispatch] = [await bare('request'), await bare('dispatch')]
      const postern = await keep(startPostern(installation))
      await askEachOnce({ url: postern.url, requests, connections, expected: 200 })
      const { rows, ratio } = await compare(context, [
        { name: names.request, server: request, load: { requests } },
        { name: names.dispatch, server: dispatch, load: { requests } },
        { name: names.postern, server: postern, load: { requests } },
      ])
      const note = 'The origin, a bare node:http server, shares a core with the load generator; the proxies have the other one.'
      return {
        tables: [{ title: 'Requests through the reverse proxy, as fast as they are answered', columns: comparisonColumns, rows, note }],
        targets: [
          atLeast(
            '6. the reverse proxy, relative to the proxy library in its usual way, without a check',
            0.9,
            ratio(names.postern, names.request),
          ),
          atLeast('6. the same, relative to the library’s quickest way, which Postern uses', 0.9, ratio(names.postern, names.dispatch)),
        ],
      }
    }),
}
