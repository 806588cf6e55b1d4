import { join } from 'node:path'
import { startBare } from '../bare-server.ts'
import { atMost, type Bench, type Context, median, type Outcome } from '../bench.ts'
import { askEachOnce, type PacedResult, paceRequests, requestsAtFullSpeed } from '../generated-load.ts'
import { firstRequestsRecorded, installationWith, startPostern } from '../postern.ts'
import { type Running, withPrograms } from '../processes.ts'
import { authorizeRequest, writeRequests } from '../requests.ts'
import { connections, measure } from '../wrk.ts'

const tokens = 10_000
const share = 0.7

type Figure = Exclude<keyof PacedResult, 'isKept'>

/** A server at a rate. */
interface Case {
  readonly name: string
  readonly url: string
  readonly perSecond: number
}

const names = { bare: 'bare node:http', postern: 'Postern, 10,000 tokens' }
const atOwn = (name: string) => `${name}, at 70 % of its own peak`
const alike = `${names.bare}, at 70 % of Postern’s peak`

export const latency: Bench = {
  name: 'latency',
  title: 'Latency of /authorize at a given rate',
  async run(context) {
    const installation = await installationWith(context, tokens)
    const requests = writeRequests(join(context.scratch, 'latency'), installation.credentials.map(authorizeRequest))
    return withPrograms(async (keep) => {
      const [bare, postern] = [await keep(startBare()), await keep(startPostern(installation))]
      await askEachOnce({ url: postern.authorizeUrl, requests, connections, expected: 200 })
      await firstRequestsRecorded(context)
      const peakOf = async (name: string, url: string, server: Running) => {
        const { warmUpSeconds, roundSeconds } = context.pace
        await measure({ ...server, url }, { requests, seconds: warmUpSeconds })
        const peak = await requestsAtFullSpeed({ url, requests, connections, expected: 200, seconds: roundSeconds })
        context.say(`peak of ${name}: ${Math.round(peak).toLocaleString('en')} requests/s`)
        return peak
      }
      const barePeak = await peakOf(names.bare, bare.url, bare)
      const posternPeak = await peakOf(names.postern, postern.authorizeUrl, postern)
      return compareAt(context, requests, [
        { name: atOwn(names.bare), url: bare.url, perSecond: share * barePeak },
        { name: alike, url: bare.url, perSecond: share * posternPeak },
        { name: atOwn(names.postern), url: postern.authorizeUrl, perSecond: share * posternPeak },
      ])
    })
  },
}

async function compareAt({ pace, say }: Context, requests: string, cases: readonly Case[]): Promise<Outcome> {
  const rounds: (readonly PacedResult[])[] = []
  for (let round = 1; round <= pace.rounds; round++) {
    const results: PacedResult[] = []
    for (const { name, url, perSecond } of cases) {
      const result = await paceRequests({ url, requests, connections, expected: 200, perSecond, seconds: pace.roundSeconds })
      results.push(result)
      say(`${round}/${pace.rounds}  ${name}: p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms`)
    }
    rounds.push(results)
  }
  const of = (name: string, figure: Figure) => median(rounds.map((round) => figureOf(round, name, figure)))
  const p99Ratio = (name: string, other: string) =>
    median(rounds.map((round) => figureOf(round, name, 'p99Ms') / figureOf(round, other, 'p99Ms')))
  const kept = (name: string) => rounds.filter((round) => round[cases.findIndex((one) => one.name === name)]?.isKept).length
  function figureOf(round: readonly PacedResult[], name: string, figure: Figure): number {
    return round[cases.findIndex((one) => one.name === name)]?.[figure] ?? Number.NaN
  }
  const rows = cases.map(({ name, perSecond }) => {
    const values = { 'requests/s': perSecond, 'p50 ms': of(name, 'p50Ms'), 'p99 ms': of(name, 'p99Ms'), 'max ms': of(name, 'maxMs') }
    return { name, values: { ...values, 'generator late, p99 ms': of(name, 'lateP99Ms'), 'rounds in which the rate was kept': kept(name) } }
  })
  const note =
    'Requests at even intervals on 64 connections, whether or not the server has answered the one before; peaks are what the same generator comes to without a pace. Times count from when a request was due, so they include the generator’s own lateness. Where the rate was not kept, neighbours on the machine took the time, and the figures say little.'
  return {
    tables: [{ title: '/authorize at 70 % of the peak rate', columns: Object.keys(rows[0]?.values ?? {}), rows, note }],
    targets: [
      atMost('3. p99 at 70 % of Postern’s peak, relative to bare node:http at the same rate', 2, p99Ratio(atOwn(names.postern), alike)),
      atMost('3. p99 at 70 % of each one’s own peak, relative to bare node:http', 2, p99Ratio(atOwn(names.postern), atOwn(names.bare))),
    ],
  }
}
