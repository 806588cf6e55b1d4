import { randomBytes } from 'node:crypto'
import type { RandomBytes } from '../domain/secret.ts'

const portionSize = 4_096

/** The system's random bytes, each handed out once. They are taken from it in portions, because asking takes longer than all that a command does with them. */
export function createRandomBytes(): RandomBytes {
  let portion = Buffer.alloc(0)
  let used = 0
  return (size) => {
    if (used + size > portion.length) {
      portion = randomBytes(Math.max(size, portionSize))
      used = 0
    }
    used += size
    return portion.subarray(used - size, used)
  }
}
