import type { Transaction } from 'kysely'
import type { Attempt, AuditEntry, Conditions, Entities, Kind, Store, Write } from '../authority/ports.ts'
import { batches } from './batches.ts'
import { allot, hasChanged } from './change-log.ts'
import type { Database } from './database.ts'
import { auditRow, createLogQueries } from './log-queries.ts'
import { type Mapping, mappings } from './mapping.ts'
import { createPolicyQueries } from './policy-queries.ts'
import { createPrincipalQueries } from './principal-queries.ts'
import { noteReferences, referencesHold, referencesTo } from './references.ts'
import type { Tables } from './schema.ts'
import { countServiceTokens, countWrite } from './service-token-blocks.ts'
import { createServiceTokenQueries } from './service-token-queries.ts'
import { listSecretUses, recordSecretUses, recordUses } from './uses.ts'

/** Every entity's table has an id and a revision; the queries here use only these, so one table's types serve for all. */
type AnyTable = 'service_token'
type AnyEntity = Entities[Kind]

/** Thrown inside a transaction to roll it back. */
class NotStored extends Error {}

/** A longer block of the list takes about as long to walk into as the blocks of a million tokens take to add up. */
const fullBlockOf = 4096

/** So few that making them does not hold the event loop for more than a few milliseconds. */
const credentialsAPage = 1000

export interface StoreSizes {
  readonly fullBlock?: number
  readonly credentialsPerPage?: number
}

/** The ports on Kysely: the same statements for every engine. */
export function createStore(
  database: Database,
  { fullBlock = fullBlockOf, credentialsPerPage = credentialsAPage }: StoreSizes = {},
): Store {
  const { db } = database

  async function apply(trx: Transaction<Tables>, { kind, before, after }: Write): Promise<void> {
    const { table, toRow } = mappingOf(kind)
    const row = after && toRow({ ...after, revision: (before?.revision ?? 0) + 1 } as AnyEntity)
    let stored: bigint | undefined
    if (before === null) {
      if (row === null) throw new Error(`a ${kind} write from nothing to nothing`)
      stored = (
        await trx
          .insertInto(table)
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
      ).numInsertedOrUpdatedRows
    } else if (row !== null) {
      const update = trx.updateTable(table).set(row).where('id', '=', before.id).where('revision', '=', before.revision)
      stored = (await update.executeTakeFirst()).numUpdatedRows
    } else {
      const remove = trx.deleteFrom(table).where('id', '=', before.id).where('revision', '=', before.revision)
      stored = (await remove.executeTakeFirst()).numDeletedRows
    }
    if (stored !== 1n) throw new NotStored()
  }

  async function commit(
    writes: readonly Write[],
    audit: AuditEntry | readonly AuditEntry[],
    { first = false, maxServiceTokens, attempt, unchanged }: Conditions = {},
  ): Promise<boolean> {
    try {
      await db.transaction().execute(async (trx) => {
        // Before the rest, for it waits for nobody and nobody for it.
        for (const batch of batches([audit].flat())) await trx.insertInto('audit').values(batch.map(auditRow)).execute()
        const head = await allot(trx, writes.length)
        if (first && head !== writes.length) throw new NotStored()
        if (unchanged !== undefined && (await hasChanged(trx, unchanged))) throw new NotStored()
        if (attempt !== undefined) await note(trx, attempt)
        for (const write of writes) {
          await apply(trx, write)
          await countWrite(trx, write, fullBlock)
          await noteReferences(trx, write)
        }
        if (!(await referencesHold(trx, writes))) throw new NotStored()
        if (maxServiceTokens !== undefined && (await countServiceTokens(trx, maxServiceTokens.accountId)) > maxServiceTokens.count) {
          throw new NotStored()
        }
        const changes = writes.map((write, index) => ({ seq: head - writes.length + 1 + index, kind: write.kind, id: idOf(write) }))
        for (const batch of batches(changes))
          await trx
            .insertInto('change')
            .values([...batch])
            .execute()
      })
      return true
    } catch (error) {
      if (error instanceof NotStored || isStillReferredTo(error)) return false
      throw error
    }
  }

  async function note(trx: Transaction<Tables>, { id, fingerprint, sealedAnswer, endsAt }: Attempt): Promise<void> {
    const row = { id, fingerprint, sealed_answer: sealedAnswer, ends_at: endsAt }
    const insert = trx.insertInto('attempt').values(row)
    const { numInsertedOrUpdatedRows } = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
    if (numInsertedOrUpdatedRows !== 1n) throw new NotStored()
  }

  return {
    commit,

    async find<K extends Kind>(kind: K, id: string) {
      const { table, fromRow } = mappingOf(kind)
      const row = await db.selectFrom(table).selectAll().where('id', '=', id).executeTakeFirst()
      return row && (fromRow(row) as Entities[K])
    },

    async read<K extends Kind>(kind: K, afterId: string, limit: number) {
      const { table, fromRow } = mappingOf(kind)
      const rows = await db.selectFrom(table).selectAll().where('id', '>', afterId).orderBy('id').limit(limit).execute()
      return rows.map((row) => fromRow(row) as Entities[K])
    },

    credentials: () => database.credentials(credentialsPerPage),

    async head() {
      return (await db.selectFrom('change_head').select('seq').executeTakeFirstOrThrow()).seq
    },

    async changesSince(seq, limit) {
      const rows = await db.selectFrom('change').selectAll().where('seq', '>', seq).orderBy('seq').limit(limit).execute()
      return rows.map((row) => ({ ...row, kind: row.kind as Kind }))
    },

    async findAttempt(id) {
      const row = await db.selectFrom('attempt').selectAll().where('id', '=', id).executeTakeFirst()
      return row && { id, fingerprint: row.fingerprint, sealedAnswer: row.sealed_answer, endsAt: row.ends_at }
    },

    async forgetAttempts(now) {
      await db.deleteFrom('attempt').where('ends_at', '<=', now).execute()
    },

    async hasMasterKeyProof() {
      return (await db.selectFrom('master_key_proof').select('id').executeTakeFirst()) !== undefined
    },

    async keepMasterKeyProof(proof) {
      await db
        .insertInto('master_key_proof')
        .values({ id: 1, proof })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return (await db.selectFrom('master_key_proof').select('proof').executeTakeFirstOrThrow()).proof
    },

    referencesTo: (kind, id, limit) => referencesTo(db, kind, id, limit),
    countServiceTokens: (accountId) => countServiceTokens(db, accountId),
    recordUses: (kind, uses) => recordUses(db, kind, uses),
    recordSecretUses: (uses) => recordSecretUses(db, uses),
    listSecretUses: (tokenId) => listSecretUses(db, tokenId),
    ...createServiceTokenQueries(database),
    ...createPrincipalQueries(db),
    ...createPolicyQueries(database),
    ...createLogQueries(database),
  }
}

function mappingOf(kind: Kind): Mapping<AnyEntity, AnyTable> {
  return mappings[kind] as unknown as Mapping<AnyEntity, AnyTable>
}

function idOf({ before, after }: Write): string {
  const entity = after ?? before
  if (entity === null) throw new Error('a write without an entity')
  return entity.id
}

/** A foreign key held: `SQLITE_CONSTRAINT_FOREIGNKEY`, or PostgreSQL's foreign_key_violation. */
function isStillReferredTo(error: unknown): boolean {
  const { code } = error as { readonly code?: string }
  return code === 'SQLITE_CONSTRAINT_FOREIGNKEY' || code === '23503'
}
