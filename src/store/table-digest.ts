import { createHash } from 'node:crypto'
import type { Row } from './table-pages.ts'

/** What a table holds: the same in every database that holds the same rows, whatever their order and the order of the columns. */
export interface Contents {
  readonly rows: number
  /** 64 hex digits. */
  readonly digest: string
}

export interface Tally {
  add(rows: readonly Row[]): void
  contents(): Contents
}

/** Takes the rows of one table in any order. The digest is the sum of the SHA-256 of each row modulo 2^256, so two databases need not agree on how text is sorted. */
export function createTally(): Tally {
  let rows = 0
  let sum = 0n
  return {
    add(page) {
      for (const row of page) sum += BigInt(`0x${createHash('sha256').update(canonical(row)).digest('hex')}`)
      sum = BigInt.asUintN(256, sum)
      rows += page.length
    },
    contents: () => ({ rows, digest: sum.toString(16).padStart(64, '0') }),
  }
}

/** A row as text: its columns in the order of their names, bytes apart from any text by being a list. */
function canonical(row: Row): string {
  const columns = Object.keys(row).sort()
  return JSON.stringify(columns.map((column) => [column, portable(row[column])]))
}

function portable(value: unknown): unknown {
  return value instanceof Uint8Array ? [Buffer.from(value).toString('hex')] : value
}
