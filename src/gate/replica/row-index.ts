import type { Rows } from './rows.ts'

/** Finds rows by an id of 128 random bits in them. */
export interface RowIndex {
  /** The row with this id, or -1. */
  find(id: Uint32Array): number
  /** Takes in a row that is not in yet. Takes as long for the millionth as for the first. */
  add(row: number): void
  /** Forgets a row, which must still hold its id. */
  remove(row: number): void
}

const smallest = 1024
/** Fuller, a row that is not there would be found out only after more than 22 slots on average: two lines of a processor's cache. */
const fullest = 0.85
/** Slots that move with each row that is taken in while an index grows. Each growth is by a third at least, so it is over before the next. */
const movedAtATime = 256

/** A slot's other bits are some of the id's, so that hardly any row but the right one is read: each is somewhere else in memory. 134 million rows, then. */
const rowBits = 27
const rowMask = 2 ** rowBits - 1
const [tagWord, slotWord] = [2, 3]
const words = 2 ** 32

/** What was removed from slots that are on the move: searches go on behind it. */
const gone = rowMask

/**
 * Open addressing with linear probing: a slot holds a row's number plus one beside five bits of its id, or 0. The ids must be random: who could choose them could make them collide.
 * @param at where in a row the id is.
 */
export function createRowIndex(rows: Rows, at: number): RowIndex {
  let slots = new Int32Array(smallest)
  let count = 0
  /** While the index grows: the slots out of which it does, all of which still hold what they held, and how many of them have moved. */
  let former: Int32Array | null = null
  let moved = 0
  const [moving, homes] = [new Int32Array(movedAtATime), new Int32Array(movedAtATime)]

  const entryFor = (row: number) => (rows.word(row, at + tagWord) << rowBits) | (row + 1)
  const homeOf = (row: number, among: Int32Array) => home(rows.word(row, at + slotWord), among)

  function findAmong(among: Int32Array, id: Uint32Array): number {
    const tag = (id[tagWord] as number) << rowBits
    for (let slot = home(id[slotWord] as number, among); ; slot = next(slot, among)) {
      const entry = among[slot] as number
      if (entry === 0) return -1
      if ((entry ^ tag) >>> rowBits === 0 && entry !== gone && holds(rowIn(entry), id)) return rowIn(entry)
    }
  }

  function holds(row: number, id: Uint32Array): boolean {
    const page = rows.page(row)
    const offset = rows.offset(row) + at
    return page[offset] === id[0] && page[offset + 1] === id[1] && page[offset + 2] === id[2] && page[offset + 3] === id[3]
  }

  /** Where a row's entry is, or where it is to go. */
  function seek(row: number, among: Int32Array): number {
    const entry = entryFor(row)
    let slot = homeOf(row, among)
    while (among[slot] !== 0 && among[slot] !== entry) slot = next(slot, among)
    return slot
  }

  function moveSome(from: Int32Array): void {
    const end = Math.min(moved + movedAtATime, from.length)
    let waiting = 0
    // Each row is somewhere else in memory: read one after the other, with little between, they are waited for together.
    for (; moved < end; moved++) {
      const entry = from[moved] as number
      if (entry === 0 || entry === gone) continue
      moving[waiting] = entry
      homes[waiting++] = homeOf(rowIn(entry), slots)
    }
    for (let index = 0; index < waiting; index++) {
      let slot = homes[index] as number
      while (slots[slot] !== 0) slot = next(slot, slots)
      slots[slot] = moving[index] as number
    }
    if (moved === from.length) former = null
  }

  /** Whoever was put further on because this slot was taken moves up, so that no search ends before it. */
  function fill(hole: number): void {
    for (let slot = next(hole, slots); slots[slot] !== 0; slot = next(slot, slots)) {
      const fromHome = distance(homeOf(rowIn(slots[slot] as number), slots), slot, slots)
      if (fromHome < distance(hole, slot, slots)) continue
      slots[hole] = slots[slot] as number
      hole = slot
    }
    slots[hole] = 0
  }

  return {
    find(id) {
      const row = findAmong(slots, id)
      return row === -1 && former !== null ? findAmong(former, id) : row
    },

    add(row) {
      count++
      if (former === null && count > slots.length * fullest) {
        former = slots
        moved = 0
        slots = new Int32Array(lengthAfter(former.length))
      }
      if (former !== null) moveSome(former)
      slots[seek(row, slots)] = entryFor(row)
    },

    remove(row) {
      let wasThere = false
      if (former !== null) {
        const before = seek(row, former)
        wasThere = former[before] !== 0
        if (wasThere) former[before] = gone
      }
      const slot = seek(row, slots)
      if (slots[slot] !== 0) {
        fill(slot)
        wasThere = true
      }
      if (wasThere) count--
    },
  }
}

function rowIn(entry: number): number {
  return (entry & rowMask) - 1
}

/** Slots may be of any number, so that few stay empty: a word of an id is scaled to it. */
function home(word: number, slots: Int32Array): number {
  return Math.floor((word * slots.length) / words)
}

function next(slot: number, slots: Int32Array): number {
  return slot + 1 === slots.length ? 0 : slot + 1
}

function distance(from: number, to: number, slots: Int32Array): number {
  return to >= from ? to - from : to - from + slots.length
}

/** So few slots are little memory, and grow by much: each time, every row is read once more, and a start reads all of them. */
const few = 2 ** 20

/** Powers of four, and of many slots powers of two and one length between each two of them. */
function lengthAfter(length: number): number {
  if (length < few) return length * 4
  return (length & (length - 1)) === 0 ? length * 1.5 : (length * 4) / 3
}
