import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Log } from '../authority/ports.ts'

/** Told to all that listen whenever something is stored. Channels belong to a database. */
export const channel = 'postern_change'

export interface DoorbellDeps {
  readonly connectionString: string
  /** Sends a message to the channel by another connection. */
  readonly ring: (message: string) => Promise<unknown>
  readonly log: Log
  /** How often it is seen whether the connection is still there. */
  readonly checkEveryMs?: number
}

const mostMsToConnect = 10_000
const mostMsToBeHeard = 2_000
/** A connection may be dead for hours before the system says so. */
const minuteMs = 60_000
const firstWaitMs = 500
const longestWaitMs = 30_000
/** A pooler that hands a connection to whoever needs one next never lets anybody listen; one day it may have been taken away. */
const waitWhereDeafMs = 60_000

/** Listens on a connection of its own (NOTIFY), and calls with each message; also with each new connection, as messages may have been missed before it. */
export function watchDoorbell(
  { connectionString, ring, log, checkEveryMs = minuteMs }: DoorbellDeps,
  onRing: () => void,
): () => Promise<void> {
  let client: pg.Client | undefined
  let check: NodeJS.Timeout | undefined
  let timer: NodeJS.Timeout | undefined
  let waitMs = firstWaitMs
  let wasTold = false
  let isOver = false

  function again(afterMs: number): void {
    if (isOver) return
    clearTimeout(timer)
    timer = setTimeout(() => void connect(), afterMs)
  }

  async function connect(): Promise<void> {
    const opened = new pg.Client({
      ...{ connectionString, application_name: 'postern doorbell', keepAlive: true, connectionTimeoutMillis: mostMsToConnect },
      query_timeout: mostMsToConnect,
    })
    client = opened
    const probe = randomUUID()
    let hear: (isHeard: boolean) => void = () => undefined
    const heard = new Promise<boolean>((resolve) => {
      hear = resolve
    })
    // Also when it breaks long after it was heard.
    const lose = () => {
      hear(false)
      if (client === opened) retry()
    }
    opened.on('notification', ({ payload }) => (payload === probe ? hear(true) : onRing()))
    opened.on('error', lose).on('end', lose)
    try {
      await opened.connect()
      await opened.query(`listen ${channel}`)
      await ring(probe)
    } catch {
      lose()
      return close(opened)
    }
    const limit = setTimeout(() => hear(false), mostMsToBeHeard)
    const isHeard = await heard
    clearTimeout(limit)
    if (client !== opened) return
    if (isHeard) {
      waitMs = firstWaitMs
      wasTold = false
      keepChecking(opened, lose)
      return onRing()
    }
    client = undefined
    await close(opened)
    if (!wasTold) log.info({}, 'notifications of the database do not arrive, as behind a pooler: the gate polls alone')
    wasTold = true
    again(waitWhereDeafMs)
  }

  function keepChecking(opened: pg.Client, lose: () => void): void {
    check = setTimeout(() => {
      opened.query('select 1').then(
        () => client === opened && keepChecking(opened, lose),
        () => {
          lose()
          void close(opened)
        },
      )
    }, checkEveryMs)
  }

  function retry(): void {
    clearTimeout(check)
    client = undefined
    again(waitMs)
    waitMs = Math.min(longestWaitMs, 2 * waitMs)
  }

  void connect()
  return async () => {
    isOver = true
    clearTimeout(timer)
    clearTimeout(check)
    const last = client
    client = undefined
    if (last) await close(last)
  }
}

const mostMsToClose = 1_000

/** Nothing is to be saved on it, so it need not be waited for where nobody answers any more. */
async function close(client: pg.Client): Promise<void> {
  const limit = setTimeout(() => client.connection.stream.destroy(), mostMsToClose)
  await client.end().catch(() => undefined)
  clearTimeout(limit)
}
