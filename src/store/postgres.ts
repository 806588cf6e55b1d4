import { type CompiledQuery, type DatabaseConnection, type Driver, Kysely, PostgresDialect, sql, type TransactionSettings } from 'kysely'
import pg from 'pg'
import type { Log } from '../authority/ports.ts'
import { credentialRows } from './credentials.ts'
import type { Database } from './database.ts'
import { channel, watchDoorbell } from './doorbell.ts'
import type { Tables } from './schema.ts'
import { type Steps, takeStepsInTime } from './steps.ts'

/** Those that store one after the other, as their numbers have an order. */
const mostWrites = 6
/** Whoever stores may have to wait for somebody else. What is only read, such as changes for the gate, never does, and must not have to wait for those. */
const mostReads = 4
/** Searches at a time: so many that they cannot take all connections, nor all of the database's processors, from the rest. */
const mostScans = 2

/** Opens pools of connections to a PostgreSQL database. A question that is not answered in `timeoutMs` fails, but for those of the patient pool. */
export function openPostgres(connectionString: string, log: Log, timeoutMs = 30_000): Database {
  const pool = (options: pg.PoolConfig) => {
    const opened = new pg.Pool({
      connectionString,
      application_name: 'postern',
      query_timeout: timeoutMs,
      keepAlive: true,
      types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) },
      ...options,
    })
    // While somebody uses it and asks nothing, nobody else hears of it, and Node would end the process. The next question fails.
    opened.on('connect', (client) => {
      client.on('error', () => undefined)
      breakAfterTimeout(client)
    })
    // While nobody uses it.
    opened.on('error', (error) => log.warn({ err: error }, 'a connection to the database broke'))
    return new Kysely<Tables>({ dialect: new CommittedDialect({ pool: opened }) })
  }
  // A database that has vanished from the network must show as an error, not as silence. Searches also wait for one another.
  const db = pool({ connectionTimeoutMillis: 10_000, max: mostWrites })
  const reader = pool({ connectionTimeoutMillis: 10_000, max: mostReads })
  const scanner = pool({ connectionTimeoutMillis: 30_000, max: mostScans })
  const patient = pool({ connectionTimeoutMillis: 10_000, query_timeout: 0, max: 2 })
  return {
    ...{ db, reader, scanner, patient },
    answer: (query) => reader.executeQuery(query),
    edition: undefined,
    write: (steps) => writeBy(db, steps),
    record: (statements) => recordBy(db, statements),
    credentials: (pageSize) => credentialRows(scanner, pageSize),
    now: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
    ring: sql`select pg_notify(${channel}, '')`.compile(db),
    watch: (onRing) => {
      const ring = (message: string) => sql`select pg_notify(${channel}, ${message})`.execute(db)
      return watchDoorbell({ connectionString, ring, log }, onRing)
    },
    async close() {
      await Promise.all([db.destroy(), reader.destroy(), scanner.destroy(), patient.destroy()])
    },
  }
}

/**
 * Makes a connection unusable once it has not answered in time: `pg` would put it back into the pool with its transaction still open, and whoever has it next would
 * commit what was given up. The server rolls it back.
 */
function breakAfterTimeout(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...question: unknown[]) => unknown
  const { stream } = (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection
  const watched = (...question: unknown[]) => {
    const answer = query(...question)
    if (answer instanceof Promise) {
      answer.catch(({ message }: Error) => {
        if (message === 'Query read timeout') stream.destroy()
      })
    }
    return answer
  }
  Object.assign(client, { query: watched })
}

/**
 * Kysely's dialect, with transactions that read what is committed unless they ask for another level. Where that is not the database's default, whoever waits for a row
 * that somebody else changes would fail instead of seeing the change. Each transaction says so itself, as nothing that is set in a session is sure to last behind a pooler.
 */
class CommittedDialect extends PostgresDialect {
  override createDriver(): Driver {
    const driver = super.createDriver()
    const begin = driver.beginTransaction.bind(driver)
    return Object.assign(driver, {
      beginTransaction: (connection: DatabaseConnection, settings: TransactionSettings) =>
        begin(connection, { ...settings, isolationLevel: settings.isolationLevel ?? 'read committed' }),
    })
  }
}

/** Thrown inside of a transaction to roll it back. */
class NotStored extends Error {}

async function writeBy(db: Kysely<Tables>, steps: () => Steps<boolean>): Promise<boolean> {
  try {
    await db.transaction().execute(async (trx) => {
      if (!(await takeStepsInTime(steps(), (query) => trx.executeQuery(query)))) throw new NotStored()
    })
    return true
  } catch (error) {
    if (error instanceof NotStored) return false
    throw error
  }
}

async function recordBy(db: Kysely<Tables>, statements: readonly CompiledQuery[]): Promise<number> {
  // Even a single one: by itself, a statement is a transaction at the default level of the database.
  return db.transaction().execute(async (trx) => {
    let rows = 0n
    for (const statement of statements) rows = (await trx.executeQuery(statement)).numAffectedRows ?? 0n
    return Number(rows)
  })
}
