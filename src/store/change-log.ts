import type { Transaction } from 'kysely'
import type { Kind } from '../authority/ports.ts'
import type { Tables } from './schema.ts'

/**
 * Takes the next `count` numbers of the change log and answers with the last of them. Until the transaction ends, all others that ask wait:
 * so numbers have no gap and come in commit order. And those that ask before they touch what others touch cannot deadlock.
 */
export async function allot(trx: Transaction<Tables>, count: number): Promise<number> {
  const advance = trx.updateTable('change_head').set((row) => ({ seq: row('seq', '+', count) }))
  return (await advance.returning('seq').executeTakeFirstOrThrow()).seq
}

/** Whether something of a kind was stored after the change with the number `since`. */
export async function hasChanged(
  trx: Transaction<Tables>,
  { kind, since }: { readonly kind: Kind; readonly since: number },
): Promise<boolean> {
  const later = trx.selectFrom('change').select('seq').where('seq', '>', since).where('kind', '=', kind).limit(1)
  return (await later.executeTakeFirst()) !== undefined
}
