import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SqliteThread } from './sqlite-thread.ts'

/** Kysely on a thread that reads the SQLite file. Those that ask take turns in the order in which they came, so no more than one answer is in memory. */
export function readerDialect(thread: SqliteThread): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createDriver: () => createDriver(thread),
  }
}

interface Turn extends DatabaseConnection {
  end(): void
}

function createDriver(thread: SqliteThread): Driver {
  let last: Promise<void> = Promise.resolve()

  async function executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    return { rows: (await thread.ask({ sql, parameters })) as Row[] }
  }

  function streamQuery(): never {
    throw new Error('a reader does not stream')
  }

  return {
    init: () => Promise.resolve(),

    async acquireConnection(): Promise<Turn> {
      const before = last
      let end: () => void = () => undefined
      last = new Promise((resolve) => {
        end = resolve
      })
      await before
      return { executeQuery, streamQuery, end }
    },

    releaseConnection: async (turn) => (turn as Turn).end(),

    beginTransaction: (turn) => run(turn, 'begin'),
    commitTransaction: (turn) => run(turn, 'commit'),
    rollbackTransaction: (turn) => run(turn, 'rollback'),

    destroy: () => thread.end(),
  }
}

async function run(connection: DatabaseConnection, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement))
}
