// Fills the gate's table of tokens and says what it takes: `node --expose-gc replica-loop.mjs <tokens> <packed|map>`, made of this file by bench/numbers/replica.ts.
import { digestOf } from '../src/domain/secret.ts'
import type { Credential } from '../src/domain/service-token.ts'
import { createTokenTable } from '../src/gate/replica/token-table.ts'
import { aCredential, idsOf } from './credentials.ts'

/** What `bench/numbers/replica.ts` reads. */
export interface Filled {
  readonly tokens: number
  readonly bytesPerToken: number
  readonly rssMiB: number
  readonly insertNs: number
  /** The longest that one insertion, change or removal took, of all but the first 300,000 of the phase in which the table is filled, and of that in which it is changed. */
  readonly longestMs: number
  readonly changeNs: number
  readonly removeNs: number
  readonly lookUpNs: number
  readonly unknownNs: number
  /** How long a full garbage collection holds everything up. */
  readonly collectionMs: number
}

const tokens = Number(process.argv[2])
const asObjects = process.argv[3] === 'map'
/** How many are looked up. */
const sampled = Math.min(tokens, 100_000)
/** How often one is changed, and one removed and taken in again, once the table is full. */
const changes = 120_000
/** Until then, V8 still compiles what is measured, and holds it up for some milliseconds now and then. */
const untilCompiled = 300_000

interface Table {
  put(token: Credential): void
  remove(id: string): void
  find(clientId: string): unknown
}

/** What stands here for comparison: a Map of the objects as they come. */
function createMapOfObjects(): Table {
  const byClientId = new Map<string, Credential>()
  const clientIds = new Map<string, string>()
  return {
    put(token) {
      byClientId.set(token.clientId, token)
      clientIds.set(token.id, token.clientId)
    },
    remove(id) {
      byClientId.delete(clientIds.get(id) ?? '')
      clientIds.delete(id)
    },
    find: (clientId) => byClientId.get(clientId),
  }
}

const collect = globalThis.gc as () => void
const digest = digestOf('nobody has it')
const table: Table = asObjects ? createMapOfObjects() : createTokenTable()
// The strings and objects of what comes are made anew each time, as by the store; a digest of its own is part of each.
const fresh = (number: number) => aCredential(new Uint8Array(digest), idsOf(number))
const held = () => {
  // The memory behind typed arrays is given back beside the program, at the latest before the next collection.
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
let longest = 0
/** Insertions, changes and removals of this phase. */
let changed = 0
let spentBefore = 0

const before = held()
let insertNs = 0
for (let number = 0; number < tokens; number++) {
  const token = fresh(number)
  insertNs += timed(() => table.put(token))
}
const bytes = held() - before
const rss = process.memoryUsage.rss()
const startOfCollection = performance.now()
collect()
const collectionMs = performance.now() - startOfCollection

const [changeNs, removeNs] = changeMany()

const sample = Array.from({ length: sampled }, () => fresh(Math.floor(Math.random() * tokens)))
const strangers = sample.map(() => aCredential(digest).clientId)
const lookUpNs = perItem(sample, ({ clientId }) => table.find(clientId) ?? fail())
const unknownNs = perItem(strangers, (clientId) => table.find(clientId) === undefined || fail())
for (const { id } of sample) table.remove(id)
for (const { clientId } of sample) if (table.find(clientId) !== undefined) fail()

const filled: Filled = {
  ...{ tokens, bytesPerToken: bytes / tokens, rssMiB: rss / 1024 ** 2, insertNs: insertNs / tokens },
  ...{ longestMs: longest / 1e6, changeNs, removeNs, lookUpNs, unknownNs, collectionMs },
}
process.stdout.write(JSON.stringify(filled))

function fail(): never {
  throw new Error('the table does not hold what was put into it')
}

/** Nanoseconds. A garbage collection for what the loop itself throws away may fall into it, and would into a gate's. */
function timed(work: () => void): number {
  const from = process.hrtime.bigint()
  work()
  const took = Number(process.hrtime.bigint() - from)
  if (changed++ % 50 === 0) spentBefore = spentNs()
  // What it took while neighbours had the core is not its own, so it took no longer than this process has worked since shortly before.
  else if (took > longest && changed > untilCompiled) longest = Math.max(longest, Math.min(took, spentNs() - spentBefore))
  return took
}

/** The time that all threads of this process have had on a core. */
function spentNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Changes tokens at random, removes others and takes them in again, each made for it and then thrown away, as by the store. How long a change and a removal took, in nanoseconds. */
function changeMany(): [number, number] {
  changed = 0
  let [changeNs, removeNs] = [0, 0]
  for (let time = 0; time < changes; time++) {
    const token = fresh(Math.floor(Math.random() * tokens))
    changeNs += timed(() => table.put(token))
    const { id } = token
    removeNs += timed(() => table.remove(id))
    const again = fresh(Math.floor(Math.random() * tokens))
    timed(() => table.put(again))
    timed(() => table.put(token))
  }
  return [changeNs / changes, removeNs / changes]
}

/** The median of some rounds over all of them, after those in which it is compiled. */
function perItem<Item>(items: readonly Item[], work: (item: Item) => unknown): number {
  const rounds = Array.from({ length: 9 }, () => {
    const from = process.hrtime.bigint()
    for (const item of items) work(item)
    return Number(process.hrtime.bigint() - from) / items.length
  })
  return rounds.slice(4).toSorted((a, b) => a - b)[2] ?? Number.NaN
}
