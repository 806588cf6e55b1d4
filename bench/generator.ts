// A load generator for what wrk cannot do: requests at a given rate, and each request of a file once. It is a process of its own, on the core that is not
// the servers'; `bench/generated-load.ts` starts it. Argument: a JSON object with what to do. Answers on standard output, in JSON.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AtFullSpeed, EachOnce, EachOnceResult, Job, Paced, PacedResult } from './generated-load.ts'
import { latenciesOf } from './latencies.ts'
import { openConnection, type RawConnection } from './raw-connection.ts'

const probeEveryMs = 2
/** Until this process's own code is compiled. */
const uncountedSeconds = 1

const job = JSON.parse(process.argv[2] ?? '') as Job
const connections = await Promise.all(Array.from({ length: job.connections }, () => openConnection(job.url)))
const result = await perform(job)
for (const connection of connections) connection.close()
process.stdout.write(`${JSON.stringify(result)}\n`)

function perform(what: Job): Promise<unknown> {
  if (what.how === 'paced') return paced(what)
  return what.how === 'each once' ? eachOnce(what) : atFullSpeed(what)
}

/** A request every so often, whatever the server does meanwhile. Times count from the moment at which a request was due, not from when there was a free connection. */
function paced({ requests, perSecond, seconds, expected }: Paced): Promise<Omit<PacedResult, 'isKept'>> {
  const texts = read(requests)
  const uncounted = Math.round(perSecond * uncountedSeconds)
  const total = uncounted + Math.round(perSecond * seconds)
  const everyMs = 1000 / perSecond
  const times = new Float64Array(total)
  const lateness = new Float64Array(total)
  const free = [...connections]
  let due = 0
  let sent = 0
  let answered = 0
  let lastSentAt = 0
  return new Promise((resolve) => {
    const startedAt = performance.now()
    const dueAt = (number: number) => startedAt + number * everyMs
    const send = (connection: RawConnection) => {
      const number = sent++
      if (sent === total) lastSentAt = performance.now()
      connection.ask(oneOf(texts), (status) => {
        verify(status, expected)
        times[number] = performance.now() - dueAt(number)
        answered++
        if (sent < due) send(connection)
        else free.push(connection)
        if (answered === total) resolve(summary())
      })
    }
    const summary = () => {
      const { p50Ms, p99Ms } = latenciesOf(lateness.subarray(uncounted))
      const sentPerSecond = total / ((lastSentAt - startedAt + everyMs) / 1000)
      return { ...latenciesOf(times.subarray(uncounted)), perSecond: sentPerSecond, lateP50Ms: p50Ms, lateP99Ms: p99Ms }
    }
    // Without a pause: a timer would be late by up to a millisecond.
    const turn = () => {
      const now = performance.now()
      for (; due < total && dueAt(due) <= now; due++) lateness[due] = now - dueAt(due)
      // In turn: one that is not used in time is closed by the server.
      while (sent < due && free.length > 0) send(free.shift() as RawConnection)
      if (answered < total) setImmediate(turn)
    }
    turn()
  })
}

/** How many requests a second are answered after the first second. */
async function atFullSpeed({ requests, seconds, expected }: AtFullSpeed): Promise<number> {
  const texts = read(requests)
  const countFrom = performance.now() + uncountedSeconds * 1000
  const until = countFrom + seconds * 1000
  let answered = 0
  await Promise.all(
    connections.map(async (connection) => {
      for (let now = 0; now < until; ) {
        await timed(connection, oneOf(texts), expected)
        now = performance.now()
        if (now >= countFrom && now < until) answered++
      }
    }),
  )
  return answered / seconds
}

/** Every request of the file once, as fast as the connections allow; and beside them, on a connection of its own, a request again and again. */
async function eachOnce({ url, requests, beside, expected }: EachOnce): Promise<EachOnceResult> {
  const texts = read(requests)
  const times = new Float64Array(texts.length)
  const [text] = beside === undefined ? [] : read(beside)
  let isOver = false
  // Node accepts a connection a turn of its loop: some would come to their first answers long after the others.
  if (text !== undefined) await Promise.all(connections.map((connection) => timed(connection, text, expected)))
  const probing = text === undefined ? Promise.resolve([]) : probe(await ready(url, text, expected), text, expected, () => isOver)
  const startedAt = performance.now()
  let next = 0
  const work = async (connection: RawConnection) => {
    while (next < texts.length) {
      const number = next++
      times[number] = await timed(connection, texts[number] as Buffer, expected)
    }
  }
  await Promise.all(connections.map(work))
  const tookMs = performance.now() - startedAt
  isOver = true
  const probes = await probing
  return { ...latenciesOf(times), tookMs, ...(text !== undefined && { beside: latenciesOf(probes) }) }
}

/** A connection that has been accepted, on which the request has been answered once. */
async function ready(url: string, text: Buffer, expected: number): Promise<RawConnection> {
  const connection = await openConnection(url)
  await timed(connection, text, expected)
  return connection
}

async function probe(connection: RawConnection, text: Buffer, expected: number, isOver: () => boolean): Promise<readonly number[]> {
  const times: number[] = []
  while (!isOver()) {
    times.push(await timed(connection, text, expected))
    await sleep(probeEveryMs)
  }
  connection.close()
  return times
}

function timed(connection: RawConnection, text: Buffer, expected: number): Promise<number> {
  return new Promise((resolve) => {
    const from = performance.now()
    connection.ask(text, (status) => {
      verify(status, expected)
      resolve(performance.now() - from)
    })
  })
}

function verify(status: number, expected: number): void {
  if (status !== expected) throw new Error(`an answer with ${status}, where all should have been ${expected}`)
}

function oneOf(texts: readonly Buffer[]): Buffer {
  return texts[Math.floor(Math.random() * texts.length)] as Buffer
}

function read(path: string): readonly Buffer[] {
  const text = readFileSync(path)
  const requests: Buffer[] = []
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(0, from)
    requests.push(text.subarray(from, end))
    from = end + 1
  }
  return requests
}
