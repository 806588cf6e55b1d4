import { join } from 'node:path'
import { atMost, type Bench, type Context, median, type Outcome } from '../bench.ts'
import { runBundled } from '../bundled.ts'
import { askEachOnce, type EachOnceResult } from '../generated-load.ts'
import { copyOf, type Installation, installationWith, startPostern } from '../postern.ts'
import { type Usage, withPrograms } from '../processes.ts'
import { authorizeRequest, writeRequests } from '../requests.ts'
import type { Signing } from '../sign-loop.ts'
import { connections, type Measured, measure } from '../wrk.ts'

interface Storm extends EachOnceResult {
  readonly cpuMicros: number
}

interface Round {
  readonly fresh: Storm
  readonly kept: Measured
  /** The floor of the former, measured in the same round. */
  readonly signing: Signing
}

export const assertions: Bench = {
  name: 'assertions',
  title: 'Assertions, kept and signed',
  async run(context) {
    /** Tokens whose first requests come at once. */
    const storm = context.quick ? 500 : 10_000
    // One more is asked for beside the others.
    const installation = copyOf(context, await installationWith(context, storm + 1), 'assertions')
    const rounds: Round[] = []
    for (let number = 1; number <= context.pace.rounds; number++) {
      const signing = await runBundled<Signing>(context.scratch, 'sign-loop.ts', [String(connections)])
      const round = { ...(await stormOn(installation, storm, context)), signing }
      rounds.push(round)
      const { tookMs, p99Ms } = round.fresh
      context.say(`${number}/${context.pace.rounds}  ${storm} first requests in ${Math.round(tookMs)} ms, p99 ${p99Ms.toFixed(1)} ms`)
    }
    return outcome(rounds, storm)
  },
}

/** A gate that has signed nothing yet, as after a start; then requests for what is kept. */
function stormOn(installation: Installation, storm: number, { scratch, pace }: Context): Promise<Omit<Round, 'signing'>> {
  const file = (name: string, from: number, to: number) =>
    writeRequests(join(scratch, `assertions-${name}`), installation.credentials.slice(from, to).map(authorizeRequest))
  const beside = file('beside', storm, storm + 1)
  return withPrograms(async (keep) => {
    const postern = await keep(startPostern(installation))
    const url = postern.authorizeUrl
    const ask = async (requests: string): Promise<Storm> => {
      const before: Usage = postern.usage()
      const result = await askEachOnce({ url, requests, connections, expected: 200, beside })
      return { ...result, cpuMicros: ((postern.usage().cpuMs - before.cpuMs) * 1000) / storm }
    }
    const keptRequests = file('fresh', 0, storm)
    const fresh = await ask(keptRequests)
    await measure({ ...postern, url }, { requests: keptRequests, seconds: pace.warmUpSeconds })
    return { fresh, kept: await measure({ ...postern, url }, { requests: keptRequests, seconds: pace.roundSeconds }) }
  })
}

function outcome(rounds: readonly Round[], storm: number): Outcome {
  const of = (figure: (round: Round) => number) => median(rounds.map(figure))
  const row = (name: string, one: (round: Round) => Storm) => {
    const rate = of((round) => (storm * 1000) / one(round).tookMs)
    const [p50, p99, max] = [of((round) => one(round).p50Ms), of((round) => one(round).p99Ms), of((round) => one(round).maxMs)]
    const besideP99 = of((round) => one(round).beside?.p99Ms ?? Number.NaN)
    const values = {
      'requests/s': rate,
      'p50 ms': p50,
      'p99 ms': p99,
      'max ms': max,
      'CPU µs/request': of((round) => one(round).cpuMicros),
    }
    return { name, values: { ...values, 'beside them, p99 ms': besideP99 } }
  }
  const kept = {
    ...{ 'requests/s': of((round) => round.kept.requestsPerSecond), 'p50 ms': of((round) => round.kept.p50Ms) },
    ...{ 'p99 ms': of((round) => round.kept.p99Ms), 'max ms': of((round) => round.kept.maxMs) },
    ...{ 'CPU µs/request': of((round) => round.kept.cpuMicros), 'beside them, p99 ms': null },
  }
  const signing = {
    ...{ 'requests/s': of((round) => round.signing.perSecond), 'p50 ms': of((round) => round.signing.p50Ms) },
    ...{ 'p99 ms': of((round) => round.signing.p99Ms), 'max ms': of((round) => round.signing.maxMs) },
    ...{ 'CPU µs/request': of((round) => round.signing.cpuMicros), 'beside them, p99 ms': null },
  }
  const rows = [
    { name: `signing alone, ${connections} at a time: the floor`, values: signing },
    { name: 'kept: any request but a token’s first', values: kept },
    row(`signed: first requests of ${storm.toLocaleString('en')} tokens, after a start`, ({ fresh }) => fresh),
  ]
  const note =
    'First requests come as fast as 64 connections bring them; RS256 signs on Node’s thread pool, which has the same core here; the floor is RS256 signatures and nothing else, on that core. “Beside them” are requests of one token whose assertion is kept, on a connection of its own, meanwhile.'
  return {
    tables: [{ title: '/authorize with assertions that are kept, and that have to be signed', columns: Object.keys(kept), rows, note }],
    targets: [
      atMost(
        `7. p99 of the first requests of ${storm.toLocaleString('en')} tokens, after a start, in ms`,
        50,
        of(({ fresh }) => fresh.p99Ms),
      ),
    ],
  }
}
