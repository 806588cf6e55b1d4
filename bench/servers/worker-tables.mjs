// Threads that look up tokens in a table in memory: one table for all of them, or one for each. It says what they take of memory and how fast they are.
// node worker-tables.mjs <shared|own> <threads> <tokens> <milliseconds>
import { readFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** As in src/gate/replica/rows.ts. */
const wordsPerRow = 32

/** 32 bits that look random, another number for each number. */
function mixed(number) {
  let bits = Math.imul(number ^ (number >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}

/** Rows, and what the replica has two of: an index by client id and one by id. At most three quarters of an index are in use. */
function makeTable(tokens, Bytes) {
  let slots = 4
  while (slots * 3 < tokens * 4) slots *= 2
  const rows = new Uint32Array(new Bytes(tokens * wordsPerRow * 4))
  const indexes = [0, 4].map((at) => ({ at, entries: new Uint32Array(new Bytes(slots * 4)) }))
  for (let row = 0; row < tokens; row++) {
    // Every byte is written, as those of a real row are: what is never touched takes no memory.
    for (let word = 0; word < wordsPerRow; word++) rows[row * wordsPerRow + word] = mixed(row * 8 + (word & 7))
    for (const { at, entries } of indexes) {
      let slot = mixed(row * 8 + at + 3) & (slots - 1)
      while (entries[slot] !== 0) slot = (slot + 1) & (slots - 1)
      entries[slot] = row + 1
    }
  }
  return { rows, indexes }
}

/** The row of a client id, or -1. */
function find({ rows, indexes }, first, second, third, fourth) {
  const { entries } = indexes[0]
  const mask = entries.length - 1
  for (let slot = fourth & mask; ; slot = (slot + 1) & mask) {
    const entry = entries[slot]
    if (entry === 0) return -1
    const at = (entry - 1) * wordsPerRow
    if (rows[at + 3] === fourth && rows[at] === first && rows[at + 1] === second && rows[at + 2] === third) return entry - 1
  }
}

/** Looks up tokens at random for so long, and answers with how many a second. */
function lookUp(table, tokens, ms, seed) {
  const from = performance.now()
  let state = seed * 2654435761 + 1
  let [count, found] = [0, 0]
  while (performance.now() - from < ms) {
    for (let times = 0; times < 1000; times++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const id = (mixed(state) % tokens) * 8
      if (find(table, mixed(id), mixed(id + 1), mixed(id + 2), mixed(id + 3)) >= 0) found++
    }
    count += 1000
  }
  if (found !== count) throw new Error(`${count - found} of ${count} tokens were not found`)
  return count / ((performance.now() - from) / 1000)
}

function next(port) {
  return new Promise((resolve, reject) => port.once('message', resolve).once('error', reject))
}

if (isMainThread) {
  const [design, threads, tokens, ms] = [process.argv[2], ...process.argv.slice(3).map(Number)]
  const shared = design === 'shared' ? makeTable(tokens, SharedArrayBuffer) : undefined
  const workers = Array.from({ length: threads }, (_, seed) => {
    return new Worker(new URL(import.meta.url), { workerData: { shared, tokens, ms, seed } })
  })
  await Promise.all(workers.map(next))
  const pssMiB = Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]) / 1024
  const answers = workers.map(next)
  for (const worker of workers) worker.postMessage('go')
  console.log(JSON.stringify({ pssMiB, lookUpsPerSecond: await Promise.all(answers) }))
  process.exit(0)
} else {
  const { shared, tokens, ms, seed } = workerData
  const table = shared ?? makeTable(tokens, ArrayBuffer)
  // The first time is to have it compiled.
  lookUp(table, tokens, ms / 4, seed)
  parentPort.postMessage('ready')
  await next(parentPort)
  parentPort.postMessage(lookUp(table, tokens, ms, seed))
}
