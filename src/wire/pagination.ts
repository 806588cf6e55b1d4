import { type Static, Type } from 'typebox'

export const defaultPerPage = 1000

export const PageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'the number of a page, from 1' })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'the number of items on a page, from 1 to 1000' })),
}

/** Beside a page of a list that has page numbers. */
export const ResultInfo = Type.Object(
  { count: Type.Integer(), page: Type.Integer(), per_page: Type.Integer(), total_count: Type.Integer(), total_pages: Type.Integer() },
  { examples: [{ count: 1, page: 1, per_page: 20, total_count: 1, total_pages: 1 }] },
)

export type ResultInfo = Static<typeof ResultInfo>

export function resultInfo(
  { page, perPage }: { readonly page: number; readonly perPage: number },
  count: number,
  total: number,
): ResultInfo {
  return { count, page, per_page: perPage, total_count: total, total_pages: Math.ceil(total / perPage) }
}
