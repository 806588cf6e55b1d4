import { type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Tables } from './schema.ts'
import type { Key } from './table-pages.ts'

/** What stands in the way of a move, or of working on a database that is being moved. Its text is for the operator. */
export class MoveError extends Error {
  override readonly name = 'MoveError'
}

/** How far a table has been copied. */
export interface Copied {
  readonly rows: number
  readonly last: Key
}

/** Where everything goes from here; or, in a database that is being filled, what has arrived. */
export type MoveState = { readonly to: string } | { readonly copied: Readonly<Record<string, Copied>> }

/** While everything is moved from one database to another, a table in both of them bears the same id. It keeps Postern from working on either. */
export interface Mark {
  readonly id: string
  readonly state: MoveState
}

interface Marked extends Tables {
  readonly database_move: { readonly id: string; readonly state: string }
}

const marked = (db: Kysely<Tables>) => db as unknown as Kysely<Marked>

export async function findMark(db: Kysely<Tables>): Promise<Mark | undefined> {
  if (!(await mayBeMarked(db))) return undefined
  const row = await marked(db).selectFrom('database_move').selectAll().executeTakeFirst()
  return row && { id: row.id, state: JSON.parse(row.state) as MoveState }
}

/** Looked up and not just tried, in each engine's own way: PostgreSQL logs every statement that fails, and this is asked at every start. */
async function mayBeMarked(db: Kysely<Tables>): Promise<boolean> {
  const { rows } =
    db.getExecutor().adapter instanceof PostgresAdapter
      ? await sql`select 1 from pg_class where oid = to_regclass('database_move')`.execute(db)
      : await sql`select 1 from sqlite_master where name = 'database_move'`.execute(db)
  return rows.length > 0
}

/** Sets the mark in a database that has none. Of two that try at once, the second fails. */
export async function setMark(db: Kysely<Tables>, { id, state }: Mark): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.schema
      .createTable('database_move')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .execute()
    await marked(trx)
      .insertInto('database_move')
      .values({ id, state: JSON.stringify(state) })
      .execute()
  })
}

/** Fails where the mark is not there any more: somebody else has taken the database. */
export async function changeMark(db: Kysely<Tables>, { id, state }: Mark): Promise<void> {
  const { numUpdatedRows } = await marked(db)
    .updateTable('database_move')
    .set({ state: JSON.stringify(state) })
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new MoveError('the mark of this move is not in the database any more; something else works on it')
}

export async function removeMark(db: Kysely<Tables>): Promise<void> {
  await db.schema.dropTable('database_move').ifExists().execute()
}

/** Fails on a database that is being moved: on the old one, because what is written there would be lost, and on the new one, because it is not whole. */
export async function requireUnmarked(db: Kysely<Tables>): Promise<void> {
  const mark = await findMark(db)
  if (mark === undefined) return
  throw new MoveError(
    'to' in mark.state
      ? `This database was moved to ${mark.state.to}, or is being moved there, and is not used any more.
  - Once the move has ended, set POSTERN_DATABASE_URL to that one.
  - To go on with an interrupted move, run the same "postern migrate-to" again.
  - To use this database again, without what was written to the other one since: postern migrate-to --cancel`
      : 'Everything is being moved to this database, and not all of it has arrived. To go on with it, run the same "postern migrate-to" again.',
  )
}
