// `npm run bench`: measures everything, shows it as tables, and writes bench/results. `-- --only=<name>,<name>` measures some, `-- --quick` sees whether it works;
// neither writes results, unless `--results=<folder>` says where.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Context } from './bench.ts'
import { describeMachine, machineLines } from './machine.ts'
import { assertions } from './numbers/assertions.ts'
import { authorize } from './numbers/authorize.ts'
import { creates } from './numbers/creates.ts'
import { growth } from './numbers/growth.ts'
import { latency } from './numbers/latency.ts'
import { nginx } from './numbers/nginx.ts'
import { peers } from './numbers/peers.ts'
import { propagation } from './numbers/propagation.ts'
import { replica } from './numbers/replica.ts'
import { reverseProxy } from './numbers/reverse-proxy.ts'
import { snapshot } from './numbers/snapshot.ts'
import { verify } from './numbers/verify.ts'
import { workers } from './numbers/workers.ts'
import { type Finished, show, showTargets, writeResults } from './report.ts'

/** In the order in which they run and are shown. */
const benches: readonly Bench[] = [
  ...[authorize, latency, nginx, reverseProxy, assertions, peers, verify],
  ...[creates, propagation, snapshot, workers, growth, replica],
]

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, results: { type: 'string' } },
})
const { only, quick } = values
const isWhole = only === undefined && !quick
const results = values.results ?? (isWhole ? join(import.meta.dirname, 'results') : undefined)
const pace = quick ? { warmUpSeconds: 1, roundSeconds: 1, rounds: 3 } : { warmUpSeconds: 1, roundSeconds: 2, rounds: 3 }

const startedAt = performance.now()
const secondsSince = (from: number) => (performance.now() - from) / 1000
const machine = describeMachine()
const shared = mkdtempSync(join(tmpdir(), 'postern-bench-'))
process.once('exit', () => rmSync(shared, { recursive: true, force: true }))
const finished: Finished[] = []
const broken: string[] = []
for (const line of machineLines(machine)) console.log(line)
const command = ['npm run bench', ...(isWhole ? [] : ['--', ...process.argv.slice(2)])].join(' ')
const soFar = () => ({ machine, command, seconds: secondsSince(startedAt), finished, broken })
for (const bench of chosen()) {
  await finish(bench)
  // After each: who has to stop it keeps what there is.
  if (results !== undefined) writeResults(results, soFar())
}
showTargets(soFar())
console.log(`${finished.length} benches in ${Math.round(secondsSince(startedAt))} s`)
if (broken.length > 0) {
  console.error(`broken, and without figures: ${broken.join(', ')}`)
  process.exitCode = 1
}

function chosen(): readonly Bench[] {
  if (only === undefined) return benches
  return only.split(',').map((name) => {
    const bench = benches.find((one) => one.name === name)
    if (bench === undefined) throw new Error(`there is no bench ${name}, but ${benches.map((one) => one.name).join(', ')}`)
    return bench
  })
}

/** Runs it, and once more where it broke: a neighbour on the machine can hold up a rate that is to be kept, or a connection. */
async function finish(bench: Bench, attempts = 2): Promise<void> {
  const from = performance.now()
  console.log(`\n${bench.title} (${bench.name})`)
  const say = (line: string) => process.stderr.write(`  ${Math.round(secondsSince(startedAt))} s  ${line}\n`)
  const context: Context = { quick, pace, scratch: mkdtempSync(join(shared, 'bench-')), shared, say }
  try {
    const one = { bench: { name: bench.name, title: bench.title }, outcome: await bench.run(context), seconds: secondsSince(from) }
    finished.push(one)
    show(one)
  } catch (error) {
    console.error(error)
    if (attempts > 1) return finish(bench, attempts - 1)
    broken.push(bench.name)
  }
}
