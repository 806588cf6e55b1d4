import { Type } from 'typebox'
import type { ResultInfo } from './envelope.ts'

export const defaultPerPage = 1000

export const PageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'the number of a page, from 1' })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'the number of items on a page, from 1 to 1000' })),
}

export function resultInfo(page: number, perPage: number, count: number, total: number): ResultInfo {
  return { count, page, per_page: perPage, total_count: total, total_pages: Math.ceil(total / perPage) }
}
