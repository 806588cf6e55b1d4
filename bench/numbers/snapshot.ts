import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { atMost, type Bench, type Context, median, type Outcome } from '../bench.ts'
import { type Installation, installationWith } from '../postern.ts'
import { clientCore, serverCore, start } from '../processes.ts'
import type { Reading } from '../snapshot-reading.ts'

const columns = ['s', 'µs/token', 'event loop busy, µs/token', 'longest stretch, ms', 'RSS growth MiB'] as const
const mostSeconds = 3

/** A start reads with a thread beside the event loop, so it gets both cores, as it would have them where nobody holds it on one. */
const onBothCores = ['taskset', '-c', `${serverCore},${clientCore}`, process.execPath]

export const snapshot: Bench = {
  name: 'snapshot',
  title: 'Starting with many tokens',
  async run(context) {
    const tokens = context.quick ? 100_000 : 1_000_000
    const [few, many] = [await installationWith(context, 1_000), await installationWith(context, tokens)]
    const readings: Reading[] = []
    const starts = { few: [] as number[], many: [] as number[] }
    for (let round = 1; round <= context.pace.rounds; round++) {
      const reading = await read(many)
      readings.push(reading)
      starts.few.push(await startMs(few))
      starts.many.push(await startMs(many))
      context.say(
        `${round}/${context.pace.rounds}  read in ${Math.round(reading.tookMs)} ms, ready in ${Math.round(starts.many.at(-1) ?? 0)} ms`,
      )
    }
    return outcome(context, many, readings, { few: median(starts.few), many: median(starts.many) })
  },
}

async function read({ folder, tokens }: Installation): Promise<Reading> {
  const [taskset = '', ...program] = [...onBothCores, '--import', 'tsx', join(import.meta.dirname, '..', 'snapshot-reading.ts')]
  const { stdout } = await promisify(execFile)(taskset, [...program, join(folder, 'data', 'postern.db')])
  const reading = JSON.parse(stdout) as Reading
  if (reading.tokens !== tokens) throw new Error(`of ${tokens} tokens ${reading.tokens} were read`)
  return reading
}

async function startMs({ folder }: Installation): Promise<number> {
  const postern = await start({
    command: [...onBothCores, join(import.meta.dirname, '..', '..', 'dist', 'main.js'), 'serve'],
    environment: { POSTERN_API_LISTEN: '127.0.0.1:0', POSTERN_GATE_LISTEN: '127.0.0.1:0' },
    ready: /"gate":"([^"]+)".*"msg":"ready"/,
    folder,
  })
  await postern.stop()
  return postern.startMs
}

function outcome(
  { quick }: Context,
  { tokens }: Installation,
  readings: readonly Reading[],
  ready: { readonly few: number; readonly many: number },
): Outcome {
  const of = (figure: (reading: Reading) => number) => median(readings.map(figure))
  const perToken = (ms: number) => (ms * 1000) / tokens
  const seconds = of(({ tookMs }) => tookMs) / 1000
  const amount = tokens.toLocaleString('en')
  const read = {
    ...{ s: seconds, 'µs/token': perToken(seconds * 1000), 'event loop busy, µs/token': perToken(of(({ busyMs }) => busyMs)) },
    'longest stretch, ms': of(({ longestMs }) => longestMs),
    'RSS growth MiB': of(({ rssBeforeMiB, rssAfterMiB }) => rssAfterMiB - rssBeforeMiB),
  }
  const rows = [
    { name: `reading ${amount} tokens from SQLite, and nothing else`, values: read },
    { name: 'the whole program, ready with 1,000 tokens', values: { s: ready.few / 1000 } },
    {
      name: `the whole program, ready with ${amount} tokens`,
      values: { s: ready.many / 1000, 'µs/token': perToken(ready.many - ready.few) },
    },
  ]
  const note =
    'On both cores. The longest stretch is for how long nothing else had its turn while tokens were read; a timer of a millisecond noticed.'
  return {
    tables: [{ title: 'Starting', columns, rows, note }],
    targets: quick ? [] : [atMost(`${amount} tokens ready from SQLite, in seconds`, mostSeconds, ready.many / 1000)],
  }
}
