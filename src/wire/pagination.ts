import { type Static, Type } from 'typebox'

export const defaultPerPage = 1000

export const Page = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'the number of a page, from 1' })

export const Direction = Type.Enum(['asc', 'desc'], { description: 'asc or desc' })

export const PageQuery = {
  page: Type.Optional(Page),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'the number of items on a page, from 1 to 1000' })),
}

export const defaultSmallPage = 20

/** Pages of the lists that hold few things. */
export const SmallPageQuery = {
  page: Type.Optional(Page),
  per_page: Type.Optional(Type.Integer({ minimum: 5, maximum: 50, description: 'the number of items on a page, from 5 to 50' })),
  direction: Type.Optional(Direction),
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
