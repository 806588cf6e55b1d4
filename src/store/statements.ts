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
  const prepare = once((sql) => database.prepare(sql))
  const prepareForAnswer = once((sql) => {
    const statement = database.prepare(sql)
    // Objects with the names of columns are made sooner here than by better-sqlite3.
    return statement.reader ? { statement: statement.raw(), columns: statement.columns().map(({ name }) => name) } : { statement }
  })

  return {
    prepare,
    answer({ sql, parameters }) {
      const { statement, columns } = prepareForAnswer(sql)
      if (columns === undefined) return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) }
      return { rows: (statement.all(parameters) as readonly (readonly unknown[])[]).map((values) => named(columns, values)) }
    },
  }
}

function once<Prepared>(prepare: (sql: string) => Prepared): (sql: string) => Prepared {
  const prepared = new Map<string, Prepared>()
  return (sql) => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    if (prepared.size >= mostStatements) prepared.clear()
    const statement = prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
}

function named(columns: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < columns.length; index++) row[columns[index] as string] = values[index]
  return row
}
