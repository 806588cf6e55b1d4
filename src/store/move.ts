import { type Kysely, sql } from 'kysely'
import { migrate } from './migrate.ts'
import { type Copied, changeMark, findMark, type Mark, MoveError, removeMark, setMark } from './move-mark.ts'
import { type TableName, tablesInOrder } from './move-order.ts'
import type { Tables } from './schema.ts'
import { type Contents, createTally } from './table-digest.ts'
import { countRows, type Page, pagesOf, type Row } from './table-pages.ts'

export interface MoveProgress {
  readonly step: 'copy' | 'verify'
  readonly table: string
  /** How many rows are done. When verifying, those of both databases count. */
  readonly rows: number
  readonly of: number
}

export interface MovedTable extends Contents {
  readonly table: string
}

export interface MoveDeps {
  /** Nobody else may write to it meanwhile. */
  readonly source: Kysely<Tables>
  /** PostgreSQL: empty, or what an earlier move of the same source has left. */
  readonly target: Kysely<Tables>
  /** What to call the target. */
  readonly to: string
  readonly newId: () => string
  readonly pageSize: number
  readonly report: (progress: MoveProgress) => void
}

/**
 * Copies everything to another database, and verifies that it has arrived. Interrupted at any moment, it goes on from there when it is called again; until
 * it has answered, neither database can be worked on (`requireUnmarked`), and afterwards only the target.
 */
export async function move(deps: MoveDeps): Promise<readonly MovedTable[]> {
  const mark = await begin(deps)
  await copyAll(deps, mark)
  const moved: MovedTable[] = []
  for (const table of tablesInOrder) moved.push({ table, ...(await verify(deps, table)) })
  await removeMark(deps.target)
  return moved
}

/** Marks both databases, and answers with the target's mark. */
async function begin({ source, target, to, newId }: MoveDeps): Promise<Mark> {
  const [ours, theirs] = [await findMark(source), await findMark(target)]
  if (theirs !== undefined && theirs.id !== ours?.id) {
    throw new MoveError(`${to} holds part of another database, whose move has not ended; empty it, or choose another`)
  }
  if (theirs === undefined && (await holdsTables(target))) {
    throw new MoveError(
      `${to} is not empty: there is a Postern in it already. If that is where this database was moved to, nothing is left to do.`,
    )
  }
  // What is in the way of that must not find a database that cannot be used any more.
  await migrate(source)
  const id = ours?.id ?? newId()
  if (ours === undefined) await setMark(source, { id, state: { to } })
  else await changeMark(source, { id, state: { to } })
  const mark = theirs ?? { id, state: { copied: {} } }
  if (theirs === undefined) await setMark(target, mark)
  await migrate(target)
  return mark
}

const ownTables: ReadonlySet<string> = new Set([...tablesInOrder, 'kysely_migration', 'kysely_migration_lock'])

async function holdsTables(target: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ table_name: string }>`
    select table_name from information_schema.tables where table_schema = current_schema()`.execute(target)
  return rows.some(({ table_name }) => ownTables.has(table_name))
}

async function copyAll(deps: MoveDeps, { id, state }: Mark): Promise<void> {
  let copied = 'copied' in state ? state.copied : {}
  for (const table of tablesInOrder) {
    await copy(deps, table, copied[table], async (trx, progress) => {
      copied = { ...copied, [table]: progress }
      await changeMark(trx, { id, state: { copied } })
    })
  }
}

/** Copies a table page by page, each in one transaction with the note of how far it is. */
async function copy(
  { source, target, pageSize, report }: MoveDeps,
  table: TableName,
  done: Copied | undefined,
  note: (trx: Kysely<Tables>, copied: Copied) => Promise<void>,
): Promise<void> {
  const of = await countRows(source, table)
  let rows = done?.rows ?? 0
  report({ step: 'copy', table, rows, of })
  // A new database is not quite empty: the change log has a head.
  if (done === undefined) await sql`delete from ${sql.table(table)}`.execute(target)
  for await (const page of pagesOf(source, table, pageSize, done?.last)) {
    rows += page.rows.length
    await target.transaction().execute(async (trx) => {
      await insert(trx, table, page)
      await note(trx, { rows, last: page.last })
    })
    report({ step: 'copy', table, rows, of })
  }
  // So many new rows at once are news to the planner.
  await sql`analyze ${sql.table(table)}`.execute(target)
}

async function insert(trx: Kysely<Tables>, table: TableName, { rows }: Page): Promise<void> {
  const anyTable = trx as unknown as Kysely<Record<string, Row>>
  await anyTable
    .insertInto(table)
    .values([...rows])
    .execute()
}

/** Reads a table on both sides, and fails unless the same is there. */
async function verify({ source, target, to, pageSize, report }: MoveDeps, table: TableName): Promise<Contents> {
  const of = (await countRows(source, table)) + (await countRows(target, table))
  let rows = 0
  const read = async (db: Kysely<Tables>) => {
    const tally = createTally()
    for await (const page of pagesOf(db, table, pageSize)) {
      tally.add(page.rows)
      rows += page.rows.length
      report({ step: 'verify', table, rows, of })
    }
    return tally.contents()
  }
  const [there, here] = [await read(source), await read(target)]
  if (there.rows === here.rows && there.digest === here.digest) return here
  const shown = ({ rows: count, digest }: Contents) => `${count} rows with the digest ${digest.slice(0, 16)}…`
  throw new MoveError(
    `${table} is not the same in ${to} (${shown(here)}) as here (${shown(there)}): one of them was changed. Empty ${to}, and begin again.`,
  )
}
