/** Rows of 32 words in pages of typed arrays: for the garbage collector a page is one thing, whatever is in it. */
export interface Rows {
  /** A row that was free. Its last word counts how often it has changed hands; the others are as they were left. */
  take(): number
  release(row: number): void
  /** How many rows have ever been taken: the first ones. */
  readonly used: number
  /** The page that a row is in, as words and as bytes, and at which word the row begins there. */
  page(row: number): Uint32Array
  bytes(row: number): Uint8Array
  offset(row: number): number
  word(row: number, at: number): number
}

/** 128 bytes: two lines of a processor's cache. */
const wordsPerRow = 32
/** 1 MiB: made in no time, and little where tokens are few. */
const rowsPerPageBits = 13
const rowMask = (1 << rowsPerPageBits) - 1

export function createRows(): Rows {
  const pages: Uint32Array[] = []
  const bytesOfPages: Uint8Array[] = []
  let used = 0
  /** The row that was released last, plus one; its first word says the one before. 0 for none. */
  let free = 0

  const page = (row: number) => pages[row >>> rowsPerPageBits] as Uint32Array
  const offset = (row: number) => (row & rowMask) * wordsPerRow

  return {
    page,
    bytes: (row) => bytesOfPages[row >>> rowsPerPageBits] as Uint8Array,
    offset,
    word: (row, at) => page(row)[offset(row) + at] as number,
    take() {
      if (free > 0) {
        const row = free - 1
        free = page(row)[offset(row)] as number
        return row
      }
      const row = used++
      if (row >>> rowsPerPageBits === pages.length) {
        const added = new Uint32Array(wordsPerRow << rowsPerPageBits)
        pages.push(added)
        bytesOfPages.push(new Uint8Array(added.buffer))
      }
      return row
    },
    get used() {
      return used
    },
    release(row) {
      page(row)[offset(row)] = free
      free = row + 1
    },
  }
}
