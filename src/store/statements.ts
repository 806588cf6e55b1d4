import type Sqlite from 'better-sqlite3'
import type { CompiledQuery, QueryResult } from 'kysely'

/** The program has far fewer statements, but for lists of ids of any length. */
const mostStatements = 200

export interface Statements {
  /** The statement with this text. It must be run to its end before it is asked for again. */
  prepare(sql: string): Sqlite.Statement
  /** Runs a statement, and has its answer at once. */
  answer(query: Pick<CompiledQuery, 'sql' | 'parameters'>): QueryResult<unknown>
}

/** The statements of one connection to SQLite, each of them prepared once: that takes about as long as running it. */
export function createStatements(database: Sqlite.Database): Statements {
  const prepared = new Map<string, Sqlite.Statement>()

  function prepare(sql: string): Sqlite.Statement {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    if (prepared.size >= mostStatements) prepared.clear()
    const statement = database.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }

  return {
    prepare,
    answer({ sql, parameters }) {
      const statement = prepare(sql)
      if (statement.reader) return { rows: statement.all(parameters) }
      return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) }
    },
  }
}
