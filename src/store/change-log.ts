import type { CompiledQuery, Kysely } from 'kysely'
import type { Kind } from '../authority/ports.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Tables } from './schema.ts'
import { ask, type Steps } from './steps.ts'

/**
 * Takes the next `count` numbers of the change log and answers with the last of them. Until the transaction ends, all others that ask wait:
 * so numbers have no gap and come in commit order. And those that ask before they touch what others touch cannot deadlock.
 */
export function allotting(db: Kysely<Tables>): (count: number) => Steps<number> {
  const advance = compiledOnce(({ count }: { readonly count: number }) =>
    db
      .updateTable('change_head')
      .set((row) => ({ seq: row('seq', '+', count) }))
      .returning('seq'),
  )
  return function* (count) {
    const [head] = (yield* ask(advance({ count }))).rows
    if (head === undefined) throw new Error('the change log has no head')
    return head.seq
  }
}

/** Whether something of a kind was stored after the change with the number `since`. */
export function* hasChanged(db: Kysely<Tables>, { kind, since }: { readonly kind: Kind; readonly since: number }): Steps<boolean> {
  const later = db.selectFrom('change').select('seq').where('seq', '>', since).where('kind', '=', kind).limit(1)
  if ((yield* ask(later)).rows.length > 0) return true
  // What has been pruned may have been of any kind.
  const [oldest] = (yield* ask(db.selectFrom('change').select('seq').orderBy('seq').limit(1))).rows
  return oldest !== undefined && oldest.seq > since + 1
}

/** Makes a transaction wait for all that take numbers, and them for it: what it finds then, none of them deletes before its end. */
export function takingTurns(db: Kysely<Tables>): CompiledQuery {
  return db
    .updateTable('change_head')
    .set((row) => ({ seq: row.ref('seq') }))
    .compile()
}
