import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { credentialRows } from './credentials.ts'
import type { Database } from './database.ts'
import type { Tables } from './schema.ts'
import { type Steps, takeStepsInTime } from './steps.ts'

/** Searches at a time: so many that they cannot take all connections, nor all of the database's processors, from the rest. */
const mostScans = 2

/** Opens pools of connections to a PostgreSQL database. `onIdleError` hears of connections that break while nobody uses them. */
export function openPostgres(connectionString: string, onIdleError: (error: Error) => void): Database {
  const pool = (options: pg.PoolConfig) => {
    const opened = new pg.Pool({
      connectionString,
      application_name: 'postern',
      query_timeout: 30_000,
      keepAlive: true,
      types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) },
      ...options,
    })
    opened.on('error', onIdleError)
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: opened }) })
  }
  // A database that has vanished from the network must show as an error, not as silence. Searches also wait for one another.
  const db = pool({ connectionTimeoutMillis: 10_000 })
  const scanner = pool({ connectionTimeoutMillis: 30_000, max: mostScans })
  const patient = pool({ connectionTimeoutMillis: 10_000, query_timeout: 0, max: 2 })
  return {
    ...{ db, reader: db, scanner, patient },
    answer: (query) => db.executeQuery(query),
    write: (steps) => writeBy(db, steps),
    record: (statements) => recordBy(db, statements),
    credentials: (pageSize) => credentialRows(scanner, pageSize),
    async close() {
      await Promise.all([db.destroy(), scanner.destroy(), patient.destroy()])
    },
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
  return db.transaction().execute(async (trx) => {
    let rows = 0n
    for (const statement of statements) rows = (await trx.executeQuery(statement)).numAffectedRows ?? 0n
    return Number(rows)
  })
}
