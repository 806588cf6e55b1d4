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
  /** The longest that one insertion, change or removal took. */
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
/** How many are looked up, changed and removed. */
const sampled = Math.min(tokens, 100_000)

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
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
let longest = 0

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

const sample = Array.from({ length: sampled }, () => fresh(Math.floor(Math.random() * tokens)))
const strangers = sample.map(() => aCredential(digest).clientId)
const lookUpNs = perItem(sample, ({ clientId }) => table.find(clientId) ?? fail())
const unknownNs = perItem(strangers, (clientId) => table.find(clientId) === undefined || fail())
const changeNs = meanOf(sample, (token) => table.put({ ...token, enabled: false }))
const removeNs = meanOf(sample, ({ id }) => table.remove(id))
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
  longest = Math.max(longest, took)
  return took
}

function meanOf<Item>(items: readonly Item[], work: (item: Item) => void): number {
  let sum = 0
  for (const item of items) sum += timed(() => work(item))
  return sum / items.length
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
