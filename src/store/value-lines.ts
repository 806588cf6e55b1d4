import { type CompiledQuery, type RawBuilder, sql } from 'kysely'

/** So few that others who write do not notice, and that handing them on holds nothing up. */
export const rowsAtOnce = 200

/** The lines of a VALUES, to be filled; PostgreSQL wants to know what is in their columns. */
export function lines(...types: readonly ('text' | 'bigint')[]): RawBuilder<unknown> {
  const line = sql`(${sql.join(types.map((type) => sql`cast(${''} as ${sql.raw(type)})`))})`
  return sql.join(Array.from({ length: rowsAtOnce }, () => line))
}

/** The statement is the same for any number of rows, so that it is built, compiled and prepared once. In place of those that are missing stands a row of nothing that there is. */
export function filled(query: CompiledQuery, rows: readonly (readonly unknown[])[], missing: readonly unknown[]): CompiledQuery {
  return { ...query, parameters: Array.from({ length: rowsAtOnce }, (_, index) => rows[index] ?? missing).flat() }
}
