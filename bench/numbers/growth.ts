import { join } from 'node:path'
import type { Bench, Chart, Context, Outcome, Row } from '../bench.ts'
import { median } from '../bench.ts'
import { compare } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { nameOf } from '../many-tokens.ts'
import { type Installation, installationWith, type RunningPostern, startPostern } from '../postern.ts'
import { withPrograms } from '../processes.ts'
import { authorizeRequest, someOf, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const listRuns = 30
const columns = {
  ...{ rate: 'requests/s', p99: 'p99 ms', cpu: 'CPU µs/request', start: 'start-up s', rssAtStart: 'RSS at start MiB', rss: 'RSS MiB' },
  ...{ first: 'first page ms', middle: 'middle page ms', search: 'name search ms' },
}

interface Grown {
  readonly name: string
  readonly tokens: number
  readonly postern: RunningPostern
  readonly rssAtStart: number
  readonly requests: string
  readonly pages: Readonly<Record<'first' | 'middle' | 'search', number>>
}

export const growth: Bench = {
  name: 'growth',
  title: 'Growth',
  run: (context) =>
    withPrograms(async (keep) => {
      const sizes = context.quick ? [500, 1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000]
      const grown: Grown[] = []
      for (const tokens of sizes) {
        const installation = await installationWith(context, tokens)
        const one = await begin(context, installation, await keep(startPostern(installation)))
        grown.push(one)
        context.say(`${one.name}: ready in ${(one.postern.startMs / 1000).toFixed(1)} s with ${Math.round(one.rssAtStart)} MiB`)
      }
      const { of } = await compare(
        context,
        grown.map(({ name, postern, requests }) => ({ name, server: { ...postern, url: postern.authorizeUrl }, load: { requests } })),
      )
      const rows = grown.map(({ name, postern, rssAtStart, pages }) => ({
        name,
        values: {
          ...{ [columns.rate]: of(name, 'requestsPerSecond'), [columns.p99]: of(name, 'p99Ms'), [columns.cpu]: of(name, 'cpuMicros') },
          ...{ [columns.start]: postern.startMs / 1000, [columns.rssAtStart]: rssAtStart, [columns.rss]: of(name, 'rssMiB') },
          ...{ [columns.first]: pages.first, [columns.middle]: pages.middle, [columns.search]: pages.search },
        },
      }))
      return outcome(sizes, rows)
    }),
}

/** What can be seen before any load, and what prepares it. */
async function begin(
  { scratch }: Context,
  { tokens, apiToken, accountId, credentials }: Installation,
  postern: RunningPostern,
): Promise<Grown> {
  const rssAtStart = postern.usage().rssMiB
  const requests = writeRequests(join(scratch, `growth-${tokens}`), someOf({ credentials }).map(authorizeRequest))
  await askEachOnce({ url: postern.authorizeUrl, requests, connections, expected: 200 })
  const list = (query: string) => medianMs(`${postern.apiUrl}/client/v4/accounts/${accountId}/access/service_tokens?${query}`, apiToken)
  const middle = Math.ceil(tokens / 50 / 2)
  const pages = {
    first: await list('page=1&per_page=50'),
    middle: await list(`page=${middle}&per_page=50`),
    search: await list(`search=${encodeURIComponent(nameOf(Math.floor(tokens / 3)))}&per_page=50`),
  }
  return { name: `${tokens.toLocaleString('en')} tokens`, tokens, postern, rssAtStart, requests, pages }
}

async function medianMs(url: string, apiToken: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < listRuns; run++) {
    const from = performance.now()
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiToken}` } })
    const { result } = (await answer.json()) as { result: readonly unknown[] | null }
    times.push(performance.now() - from)
    if (answer.status !== 200 || !result?.length) throw new Error(`${url} answered ${answer.status} with ${result?.length} tokens`)
  }
  return median(times)
}

function outcome(sizes: readonly number[], rows: readonly Row[]): Outcome {
  const series = (name: string, column: string) => {
    const points = rows.map(({ values }, number) => ({ x: sizes[number] ?? Number.NaN, y: Number(values[column]) }))
    return { name, points }
  }
  const x = { label: 'service tokens', log: true }
  const chart = (file: string, title: string, label: string, ...curves: readonly [name: string, column: string][]): Chart => ({
    ...{ file: `growth-${file}`, title, x, y: { label } },
    series: curves.map(([name, column]) => series(name, column)),
  })
  return {
    tables: [
      {
        title: 'Postern as the number of its tokens grows',
        columns: Object.values(columns),
        rows,
        note: 'Up to 10,000 of the tokens are asked for, at random; start-up is from the start of the process until it answers, with all tokens at the gate. Lists are of 50 tokens, over the API, medians.',
      },
    ],
    targets: [],
    charts: [
      chart('throughput', 'Requests to /authorize', 'requests/s', ['throughput', columns.rate]),
      chart('latency', 'p99 of /authorize at full load', 'milliseconds', ['p99', columns.p99]),
      chart('memory', 'Memory of the process', 'MiB', ['after the start', columns.rssAtStart], ['under load', columns.rss]),
      chart('start-up', 'From the start of the process until it answers', 'seconds', ['start-up', columns.start]),
      chart(
        'lists',
        'Lists of the API, 50 tokens',
        'milliseconds',
        ['first page', columns.first],
        ['middle page', columns.middle],
        ['name search', columns.search],
      ),
    ],
  }
}
