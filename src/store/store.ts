import { sql } from 'kysely'
import type { AuditEntry, Change, Conditions, Entities, Kind, Store, Write } from '../authority/ports.ts'
import { createActivityQueries } from './activity.ts'
import { createAlertQueries } from './alert-queries.ts'
import { createCommit } from './commit.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Database } from './database.ts'
import { createLogQueries } from './log-queries.ts'
import { anyMapping, kinds } from './mapping.ts'
import { createMemory, isRemembered } from './memory.ts'
import { createNodeQueries } from './nodes.ts'
import { createPolicyQueries } from './policy-queries.ts'
import { createPrincipalQueries } from './principal-queries.ts'
import { referencesTo } from './references.ts'
import { countingServiceTokens } from './service-token-blocks.ts'
import { createServiceTokenQueries } from './service-token-queries.ts'
import { stored, takeStepsInTime } from './steps.ts'
import { createUseRecorder, listSecretUses } from './uses.ts'

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
  const { db, answer } = database

  const commitSteps = createCommit(database, fullBlock)
  const count = countingServiceTokens(db)
  const memory = createMemory(database)
  const findHead = compiledOnce(() => db.selectFrom('change_head').select('seq'))
  // In one statement: gates ask all the time, and both have to be of one moment.
  const findChanges = compiledOnce(({ seq, limit }: { readonly seq: number; readonly limit: number }) => {
    // A bare parameter there would have SQLite prepare the statement anew each time.
    const most = sql<number>`${limit} + 0`
    const changes = db.selectFrom('change').selectAll().where('seq', '>', seq).orderBy('seq').limit(most)
    return db
      .selectFrom('change_head')
      .leftJoin(changes.as('next'), (join) => join.onTrue())
      .select(['change_head.seq as head', 'next.seq', 'next.kind', 'next.id'])
      .orderBy('next.seq')
  })
  const findById = new Map(
    kinds.map((kind) => [
      kind,
      compiledOnce(({ id }: { readonly id: string }) => db.selectFrom(anyMapping(kind).table).selectAll().where('id', '=', id)),
    ]),
  )

  async function commit(
    writes: readonly Write[],
    audit: AuditEntry | readonly AuditEntry[],
    conditions: Conditions = {},
  ): Promise<boolean> {
    try {
      return await database.write(() => commitSteps({ writes, audit: [audit].flat(), conditions }))
    } catch (error) {
      if (isStillReferredTo(error)) return false
      throw error
    } finally {
      memory.forget(writes)
    }
  }

  async function look<K extends Kind>(kind: K, id: string): Promise<Entities[K] | undefined> {
    const query = findById.get(kind)
    if (query === undefined) throw new Error(`there is nothing of the kind ${kind}`)
    const [row] = (await answer(query({ id }))).rows
    return row && (anyMapping(kind).fromRow(row) as Entities[K])
  }

  return {
    commit,
    find: (kind, id) => (isRemembered(kind) ? memory.recall(`${kind} ${id}`, () => look(kind, id)) : look(kind, id)),

    async read<K extends Kind>(kind: K, afterId: string, limit: number) {
      const { table, fromRow } = anyMapping(kind)
      const rows = await db.selectFrom(table).selectAll().where('id', '>', afterId).orderBy('id').limit(limit).execute()
      return rows.map((row) => fromRow(row) as Entities[K])
    },

    credentials: () => database.credentials(credentialsPerPage),

    async head() {
      const [head] = (await answer(findHead({}))).rows
      if (head === undefined) throw headless()
      return head.seq
    },

    async changesSince(seq, limit) {
      const { rows } = await answer(findChanges({ seq, limit }))
      const [first] = rows
      if (first === undefined) throw headless()
      // The head stands alone where nothing follows.
      return { head: first.head, changes: rows.flatMap(({ seq, kind, id }) => (seq === null ? [] : ({ seq, kind, id } as Change))) }
    },

    async findAttempt(id) {
      const row = await db.selectFrom('attempt').selectAll().where('id', '=', id).executeTakeFirst()
      return row && { id, fingerprint: row.fingerprint, sealedAnswer: row.sealed_answer, endsAt: row.ends_at }
    },

    async forgetAttempts(now) {
      await stored(database.write, db.deleteFrom('attempt').where('ends_at', '<=', now))
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
    countServiceTokens: (accountId) => takeStepsInTime(count(accountId), answer),
    ...createUseRecorder(database),
    listSecretUses: (tokenId) => listSecretUses(db, tokenId),
    ...createServiceTokenQueries(database),
    ...createPrincipalQueries(database, memory),
    ...createPolicyQueries(database),
    ...createLogQueries(database),
    ...createNodeQueries(database),
    ...createActivityQueries(database),
    ...createAlertQueries(database),
  }
}

/** A foreign key held: `SQLITE_CONSTRAINT_FOREIGNKEY`, or PostgreSQL's foreign_key_violation. */
function isStillReferredTo(error: unknown): boolean {
  const { code } = error as { readonly code?: string }
  return code === 'SQLITE_CONSTRAINT_FOREIGNKEY' || code === '23503'
}

function headless(): Error {
  return new Error('the change log has no head')
}
