import type { Rows } from './rows.ts'

/** Finds rows by an id of 128 random bits in them. */
export interface RowIndex {
  /** The row with this id, or -1. */
  find(id: Uint32Array): number
  /** Takes in a row that is not in yet. Takes as long for the millionth as for the first, but for the growth of one part now and then. */
  add(row: number): void
  /** Forgets a row, which must still hold its id. */
  remove(row: number): void
}

/** Parts of the index by the first bits of the id. Each grows by itself, so that growing never takes long: with ten million rows, ten thousand move. */
const partBits = 10
const smallestPart = 4

/**
 * Open addressing with linear probing: a slot holds a row's number plus one, or 0. The ids must be random: who could choose them could make them collide.
 * @param at where in a row the id is.
 */
export function createRowIndex(rows: Rows, at: number): RowIndex {
  const parts = Array.from({ length: 1 << partBits }, () => new Uint32Array(smallestPart))
  const counts = new Uint32Array(1 << partBits)

  const partOf = (first: number) => first >>> (32 - partBits)

  /** The row's place in its part: where it is, or where it is to go. */
  function slotOf(part: Uint32Array, row: number): number {
    const mask = part.length - 1
    let slot = rows.word(row, at + 3) & mask
    while (part[slot] !== 0 && part[slot] !== row + 1) slot = (slot + 1) & mask
    return slot
  }

  function grow(number: number): Uint32Array {
    const part = parts[number] as Uint32Array
    const larger = new Uint32Array(part.length * 2)
    for (const entry of part) if (entry !== 0) larger[slotOf(larger, entry - 1)] = entry
    parts[number] = larger
    return larger
  }

  return {
    find(id) {
      const [first, second, third, fourth] = [id[0] as number, id[1] as number, id[2] as number, id[3] as number]
      const part = parts[partOf(first)] as Uint32Array
      const mask = part.length - 1
      for (let slot = fourth & mask; ; slot = (slot + 1) & mask) {
        const entry = part[slot] as number
        if (entry === 0) return -1
        const words = rows.page(entry - 1)
        const offset = rows.offset(entry - 1) + at
        const isSame =
          words[offset + 3] === fourth && words[offset] === first && words[offset + 1] === second && words[offset + 2] === third
        if (isSame) return entry - 1
      }
    },

    add(row) {
      const number = partOf(rows.word(row, at))
      let part = parts[number] as Uint32Array
      const count = ((counts[number] as number) + 1) | 0
      // Three quarters full, a row that is not there is found out after 8 slots on average.
      if (count * 4 > part.length * 3) part = grow(number)
      part[slotOf(part, row)] = row + 1
      counts[number] = count
    },

    remove(row) {
      const number = partOf(rows.word(row, at))
      const part = parts[number] as Uint32Array
      const mask = part.length - 1
      let hole = slotOf(part, row)
      if (part[hole] === 0) return
      // Whoever was put further on because this slot was taken moves up, so that no search ends before it.
      for (let slot = (hole + 1) & mask; part[slot] !== 0; slot = (slot + 1) & mask) {
        const home = rows.word((part[slot] as number) - 1, at + 3) & mask
        if (((slot - home) & mask) < ((slot - hole) & mask)) continue
        part[hole] = part[slot] as number
        hole = slot
      }
      part[hole] = 0
      counts[number] = (counts[number] as number) - 1
    },
  }
}
