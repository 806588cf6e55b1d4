// Signs as assertions are signed, and nothing else: `node sign-loop.mjs <at once>`, made of this file by bench/numbers/assertions.ts. Prints JSON.
import { generateKeyPairSync, sign } from 'node:crypto'
import { type Latencies, latenciesOf } from './latencies.ts'

/** What `bench/numbers/assertions.ts` reads. */
export interface Signing extends Latencies {
  readonly perSecond: number
  readonly cpuMicros: number
}

const atOnce = Number(process.argv[2])
const signatures = 3_000
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const content = Buffer.alloc(400, 'a')

// One after the other: whoever is the last of so many waits for all of them, and no sooner can the last be answered by whatever order.
const doneAt = new Float64Array(signatures)
const before = process.cpuUsage()
const startedAt = performance.now()
for (let number = 0; number < signatures; number++) {
  sign('sha256', content, privateKey)
  doneAt[number] = performance.now()
}
const { user, system } = process.cpuUsage(before)
const waits = Array.from({ length: signatures - atOnce }, (_, number) => (doneAt[number + atOnce] ?? 0) - (doneAt[number] ?? 0))
const perSecond = (signatures * 1000) / (performance.now() - startedAt)
const signing: Signing = { ...latenciesOf(waits), perSecond, cpuMicros: (user + system) / signatures }
process.stdout.write(JSON.stringify(signing))
