// What a bench is: a file bench/numbers/<name>.ts that exports a `Bench`, and a line in bench/run.ts.

export interface Context {
  /** Shorter, and with fewer tokens: to see that it works, not for figures. */
  readonly quick: boolean
  readonly pace: Pace
  /** An empty folder for what a bench needs on disk; it is removed when the run has ended. */
  readonly scratch: string
  /** The same for what several benches use. */
  readonly shared: string
  /** Shows a line while it runs. */
  readonly say: (line: string) => void
}

/** How long things are looked at, the same for all benches of a run. */
export interface Pace {
  /** Before anything is measured: a Node process takes seconds until its code is compiled. */
  readonly warmUpSeconds: number
  readonly roundSeconds: number
  /** Each compared server is measured once in each round. */
  readonly rounds: number
}

/** A line of a table. Values are named as the table's columns, with the unit: `requests/s`, `p99 ms`. */
export interface Row {
  readonly name: string
  readonly values: Readonly<Record<string, number | string | null>>
}

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  readonly note?: string
}

/** What was wanted of a figure, and whether it came so. A target that is not met does not fail a run. */
export interface Target {
  readonly name: string
  /** As a person reads it: `≥ 0.75`. */
  readonly wanted: string
  readonly measured: number
  readonly met: boolean
}

/** A curve for each of its series, drawn into bench/results/<file>.svg. */
export interface Chart {
  /** Without an ending. */
  readonly file: string
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

export interface Axis {
  /** With the unit, if there is one. */
  readonly label: string
  readonly log?: boolean
}

export interface Series {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Outcome {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly charts?: readonly Chart[]
  /** How to run it alone, where that is not `npm run bench -- --only=<name>`. */
  readonly command?: string
}

export interface Bench {
  /** That of its file. */
  readonly name: string
  readonly title: string
  /** Throws where something broke, such as answers that are not what was expected: then there are no figures. */
  run(context: Context): Promise<Outcome>
}

/** A target of at least `least`. */
export function atLeast(name: string, least: number, measured: number): Target {
  return { name, wanted: `≥ ${least}`, measured, met: measured >= least }
}

/** A target of at most `most`. */
export function atMost(name: string, most: number, measured: number): Target {
  return { name, wanted: `≤ ${most}`, measured, met: measured <= most }
}

/** The middle one; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  if (sorted.length === 0) throw new Error('nothing was measured')
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}
