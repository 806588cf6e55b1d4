import type { ResultInfo } from '../wire/pagination.ts'

/** An account, or a zone of one: where service tokens, applications and groups live. */
export interface Place {
  readonly kind: 'account' | 'zone'
  readonly id: string
}

export function pathOf({ kind, id }: Place): string {
  return `/${kind}s/${id}`
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly total: number
  readonly pages: number
}

export function pageOf<Item>(items: readonly Item[], { total_count: total, total_pages: pages }: ResultInfo): Page<Item> {
  return { items, total, pages }
}
