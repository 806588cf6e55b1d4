import { type Kysely, sql } from 'kysely'
import { keysInOrder, type TableName } from './move-order.ts'
import type { Tables } from './schema.ts'

/** A row of any table, by its columns. */
export type Row = Readonly<Record<string, unknown>>

/** What a row's key consists of: text and numbers. */
export type Key = readonly unknown[]

export interface Page {
  readonly rows: readonly Row[]
  /** The key of the last of them: what is left comes after it. */
  readonly last: Key
}

/** Reads a table from one key to the next, in the order that the database itself gives them; all of it, or what comes after a key. No page is empty. */
export async function* pagesOf(db: Kysely<Tables>, table: TableName, size: number, after?: Key): AsyncGenerator<Page> {
  const columns = keysInOrder[table]
  const key = sql.join(columns.map((column) => sql.ref(column)))
  for (let last = after; ; ) {
    const isBehind = last === undefined ? sql`` : sql`where (${key}) > (${sql.join(last)})`
    const { rows } = await sql<Row>`select * from ${sql.table(table)} ${isBehind} order by ${key} limit ${size}`.execute(db)
    const end = rows.at(-1)
    if (end === undefined) return
    last = columns.map((column) => end[column])
    yield { rows, last }
  }
}

export async function countRows(db: Kysely<Tables>, table: TableName): Promise<number> {
  const { rows } = await sql<{ total: number }>`select count(*) as total from ${sql.table(table)}`.execute(db)
  return rows[0]?.total ?? 0
}
