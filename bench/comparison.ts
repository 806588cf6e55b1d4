import { type Context, median, type Row } from './bench.ts'
import type { Running } from './processes.ts'
import { type Load, type Measured, measure } from './wrk.ts'

/** One of several that are compared. */
export interface Contestant {
  readonly name: string
  readonly server: Pick<Running, 'url' | 'usage'>
  /** Processes that work for it: their time and memory count as its own. */
  readonly others?: readonly Running[]
  readonly load: Omit<Load, 'seconds'>
}

export interface Comparison {
  /** The rows of a table: medians of the rounds, beside the first contestant's. */
  readonly rows: readonly Row[]
  /** The median of a figure. */
  of(name: string, figure: keyof Measured): number
  /** How many times the other's figure it is: the median of what it was in each round, as both are measured within seconds there. */
  ratio(name: string, other: string, figure?: keyof Measured): number
}

export const comparisonColumns = ['requests/s', 'relative', 'p50 ms', 'p99 ms', 'CPU µs/request', 'by CPU', 'RSS MiB'] as const

/** Measures all in turns, round by round, after each has been warmed up with its own requests. */
export async function compare({ pace, say }: Context, contestants: readonly Contestant[]): Promise<Comparison> {
  const measured = new Map<string, Measured[]>(contestants.map(({ name }) => [name, []]))
  for (const { server, load, others } of contestants) await measure(server, { ...load, seconds: pace.warmUpSeconds }, others)
  for (let round = 1; round <= pace.rounds; round++) {
    for (const { name, server, load, others } of contestants) {
      const figures = await measure(server, { ...load, seconds: pace.roundSeconds }, others)
      measured.get(name)?.push(figures)
      const [rate, cpu] = [Math.round(figures.requestsPerSecond).toLocaleString('en'), figures.cpuMicros.toFixed(1)]
      say(`${round}/${pace.rounds}  ${name}: ${rate} requests/s, ${cpu} µs each`)
    }
  }
  return comparisonOf(contestants, measured)
}

function comparisonOf(contestants: readonly Contestant[], measured: ReadonlyMap<string, readonly Measured[]>): Comparison {
  const roundsOf = (name: string) => {
    const rounds = measured.get(name)
    if (rounds === undefined) throw new Error(`${name} was not compared`)
    return rounds
  }
  const of: Comparison['of'] = (name, figure) => median(roundsOf(name).map((round) => round[figure]))
  const ratio: Comparison['ratio'] = (name, other, figure = 'requestsPerSecond') => {
    const others = roundsOf(other)
    return median(roundsOf(name).map((round, number) => round[figure] / (others[number]?.[figure] ?? Number.NaN)))
  }
  const first = contestants[0]?.name ?? ''
  const rows = contestants.map(({ name }) => {
    const [rate, relative] = [of(name, 'requestsPerSecond'), ratio(name, first)]
    const byCpu = ratio(first, name, 'cpuMicros')
    const [p50, p99, cpu, rss] = [of(name, 'p50Ms'), of(name, 'p99Ms'), of(name, 'cpuMicros'), of(name, 'rssMiB')]
    const values = { 'requests/s': rate, relative, 'p50 ms': p50, 'p99 ms': p99, 'CPU µs/request': cpu, 'by CPU': byCpu, 'RSS MiB': rss }
    return { name, values }
  })
  return { rows, of, ratio }
}
