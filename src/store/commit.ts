import type { Kysely } from 'kysely'
import type { Attempt, AuditEntry, Conditions, Write } from '../authority/ports.ts'
import { batches } from './batches.ts'
import { allotting, hasChanged } from './change-log.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Database } from './database.ts'
import { auditRow } from './log-queries.ts'
import type { AuditRow } from './log-rows.ts'
import { type AnyEntity, type AnyTable, anyMapping } from './mapping.ts'
import { noteReferences, referencesHold } from './references.ts'
import type { ChangeRow, ServiceTokenRow, Tables } from './schema.ts'
import { countingServiceTokens, createBlocks } from './service-token-blocks.ts'
import { ask, type Question, type Steps } from './steps.ts'
import { followingTokens } from './use-rows.ts'

/** What is stored together, and on what conditions. */
export interface Commit {
  readonly writes: readonly Write[]
  readonly audit: readonly AuditEntry[]
  readonly conditions: Conditions
}

/** The steps of a commit; they answer `false` where it must not be stored. */
export function createCommit({ db, ring }: Pick<Database, 'db' | 'ring'>, fullBlock: number): (commit: Commit) => Steps<boolean> {
  const allot = allotting(db)
  const count = countingServiceTokens(db)
  const { countWrite } = createBlocks(db, fullBlock)
  const follow = followingTokens(db)
  const apply = applying(db)
  const insertAudit = compiledOnce((row: AuditRow) => db.insertInto('audit').values(row))
  const insertChange = compiledOnce((row: ChangeRow) => db.insertInto('change').values(row))

  function* record(audit: readonly AuditEntry[]): Steps<void> {
    const [entry] = audit
    if (entry !== undefined && audit.length === 1) yield* ask(insertAudit(auditRow(entry)))
    else for (const batch of batches(audit)) yield* ask(db.insertInto('audit').values(batch.map(auditRow)))
  }

  function* log(changes: readonly ChangeRow[]): Steps<void> {
    const [change] = changes
    if (change !== undefined && changes.length === 1) yield* ask(insertChange(change))
    else for (const batch of batches(changes)) yield* ask(db.insertInto('change').values([...batch]))
  }

  return function* ({ writes, audit, conditions: { first = false, maxServiceTokens, attempt, unchanged } }) {
    // Before the rest, for it waits for nobody and nobody for it.
    yield* record(audit)
    const head = yield* allot(writes.length)
    if (first && head !== writes.length) return false
    if (unchanged !== undefined && (yield* hasChanged(db, unchanged))) return false
    if (attempt !== undefined && !(yield* changesOne(noting(db, attempt)))) return false
    for (const write of writes) {
      if (!(yield* changesOne(apply(write)))) return false
      yield* countWrite(write)
      yield* follow(write)
      yield* noteReferences(db, write)
    }
    if (!(yield* referencesHold(db, writes))) return false
    if (maxServiceTokens !== undefined && (yield* count(maxServiceTokens.accountId)) > maxServiceTokens.count) return false
    yield* log(writes.map((write, index) => ({ seq: head - writes.length + 1 + index, kind: write.kind, id: idOf(write) })))
    if (ring !== undefined && writes.length > 0) yield* ask(ring)
    return true
  }
}

/** Whether a statement inserted, changed or deleted just one row. */
function* changesOne(statement: Question<unknown>): Steps<boolean> {
  return (yield* ask(statement)).numAffectedRows === 1n
}

/** Makes the statement for a write, which touches no row where something else was stored since. */
function applying(db: Kysely<Tables>): (write: Write) => Question<unknown> {
  const statements = new Map<string, ReturnType<typeof statementsFor>>()
  return ({ kind, before, after }) => {
    const { table, toRow } = anyMapping(kind)
    const row = after && toRow({ ...after, revision: (before?.revision ?? 0) + 1 } as AnyEntity)
    const known = statements.get(table) ?? statementsFor(db, table)
    statements.set(table, known)
    if (before !== null) {
      const place = { idBefore: before.id, revisionBefore: before.revision }
      return row === null ? known.remove(place) : known.update({ ...row, ...place })
    }
    if (row === null) throw new Error(`a ${kind} write from nothing to nothing`)
    return known.insert(row)
  }
}

interface Version {
  readonly idBefore: string
  readonly revisionBefore: number
}

function statementsFor(db: Kysely<Tables>, table: AnyTable) {
  return {
    insert: compiledOnce((row: ServiceTokenRow) =>
      db
        .insertInto(table)
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
    ),
    update: compiledOnce(({ idBefore, revisionBefore, ...row }: ServiceTokenRow & Version) =>
      db.updateTable(table).set(row).where('id', '=', idBefore).where('revision', '=', revisionBefore),
    ),
    remove: compiledOnce(({ idBefore, revisionBefore }: Version) =>
      db.deleteFrom(table).where('id', '=', idBefore).where('revision', '=', revisionBefore),
    ),
  }
}

function noting(db: Kysely<Tables>, { id, fingerprint, sealedAnswer, endsAt }: Attempt): Question<unknown> {
  const row = { id, fingerprint, sealed_answer: sealedAnswer, ends_at: endsAt }
  return db
    .insertInto('attempt')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
}

function idOf({ before, after }: Write): string {
  const entity = after ?? before
  if (entity === null) throw new Error('a write without an entity')
  return entity.id
}
