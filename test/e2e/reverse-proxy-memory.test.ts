import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AttackBench, startAttackBench } from '../attack-bench.ts'
import { type RunningGate, startService } from '../gate-fixtures.ts'

const gigabyte = 1024 ** 3
const chunk = Buffer.alloc(256 * 1024, 'postern ')

let origin: RunningGate
let bench: AttackBench
/** Bytes of the last body that reached the origin. */
let taken = 0

beforeAll(async () => {
  origin = await startService(async (request, response) => {
    taken = 0
    for await (const part of request) taken += part.length
    if (request.method === 'GET') await pipeline(body(gigabyte), response).catch(() => undefined)
    else response.end('taken')
  })
  bench = await startAttackBench({}, origin.url)
})
afterAll(async () => {
  await bench.stop()
  await origin.stop()
})

/** So many bytes, made when they are read. */
function body(length: number): Readable {
  let left = length
  return new Readable({
    read() {
      const part = chunk.subarray(0, Math.min(left, chunk.length))
      left -= part.length
      this.push(part.length === 0 ? null : part)
    },
  })
}

function open(method: string): { readonly request: ReturnType<typeof httpRequest>; readonly answered: Promise<IncomingMessage> } {
  const headers = Object.fromEntries(
    bench.lines
      .trim()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]),
  )
  const request = httpRequest(bench.postern.gateUrl, { method, headers, agent: false })
  return { request, answered: new Promise((resolve, reject) => request.on('response', resolve).on('error', reject)) }
}

/** By how much the process has grown at most while something went on. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  await bench.ask({ method: 'POST', body: 'warm' })
  const before = bench.residentBytes()
  let most = before
  const looking = setInterval(() => {
    most = Math.max(most, bench.residentBytes())
  }, 50)
  await work()
  clearInterval(looking)
  return Math.max(most, bench.residentBytes()) - before
}

test('a body of 1 GB passes to the origin through less than 150 MB of memory', async () => {
  const growth = await growthDuring(async () => {
    const { request, answered } = open('POST')
    await pipeline(body(gigabyte), request)
    expect((await answered).resume().statusCode).toBe(200)
  })
  expect(taken).toBe(gigabyte)
  expect(growth).toBeLessThan(150 * 1024 ** 2)
}, 120_000)

test('a body of 1 GB passes to the client through less than 150 MB of memory', async () => {
  let read = 0
  const growth = await growthDuring(async () => {
    const { request, answered } = open('GET')
    request.end()
    for await (const part of await answered) read += part.length
  })
  expect(read).toBe(gigabyte)
  expect(growth).toBeLessThan(150 * 1024 ** 2)
}, 120_000)
