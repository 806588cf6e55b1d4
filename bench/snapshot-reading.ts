// Reads what a gate needs of all service tokens, as its start does, and does nothing with it. A process of its own; `bench/numbers/snapshot.ts` starts it.
// Argument: a SQLite file. Answers on standard output, in JSON.
import { openSqlite } from '../src/store/sqlite.ts'
import { createStore } from '../src/store/store.ts'

/** What a reading came to. */
export interface Reading {
  readonly tokens: number
  readonly tookMs: number
  /** How long the event loop of the process was at work. */
  readonly busyMs: number
  /** The longest time at a stretch: from one page to the next, with what else was due. */
  readonly longestMs: number
  readonly rssBeforeMiB: number
  readonly rssAfterMiB: number
}

const rss = () => process.memoryUsage.rss() / 1024 ** 2

const database = openSqlite(process.argv[2] ?? '')
const store = createStore(database)
// Opens the file, so that this is no part of the reading.
await store.head()
const rssBeforeMiB = rss()
const before = performance.eventLoopUtilization()
const startedAt = performance.now()
let tokens = 0
let longestMs = 0
let from = startedAt
const ticking = setInterval(() => {
  const now = performance.now()
  longestMs = Math.max(longestMs, now - from - 1)
  from = now
}, 1)
for await (const page of store.credentials()) tokens += page.length
clearInterval(ticking)
const tookMs = performance.now() - startedAt
const { active: busyMs } = performance.eventLoopUtilization(before)
const reading: Reading = { tokens, tookMs, busyMs, longestMs, rssBeforeMiB, rssAfterMiB: rss() }
process.stdout.write(`${JSON.stringify(reading)}\n`)
await database.close()
