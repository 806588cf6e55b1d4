import type { Kind, Write } from '../authority/ports.ts'
import type { Database } from './database.ts'

/** Who and where: what every request to the API asks about, and seldom changes. */
const remembered: readonly Kind[] = ['account', 'zone', 'user', 'api_token']

/** More than are in use at a time nearly everywhere, and little memory. */
const most = 1_000

/** Answers that hold until something of their kinds is stored, by this process or by another. */
export interface Memory {
  /** What is known under a key; else what `ask` answers. What is not there is asked for each time, as anybody can think up names for it. */
  recall<Answer extends object>(key: string, ask: () => Promise<Answer | undefined>): Promise<Answer | undefined>
  /** To be called once writes are stored, and before anybody is told so. */
  forget(writes: readonly Write[]): void
}

export function createMemory({ edition }: Pick<Database, 'edition'>): Memory {
  const known = new Map<string, unknown>()
  let knownEdition = 0
  /** How often it was emptied: an answer from before is not kept. */
  let round = 0

  function empty(): void {
    known.clear()
    round++
  }

  return {
    async recall<Answer extends object>(key: string, ask: () => Promise<Answer | undefined>) {
      if (edition === undefined) return ask()
      const now = edition()
      if (now !== knownEdition) empty()
      knownEdition = now
      const before = known.get(key) as Answer | undefined
      if (before !== undefined) return before
      const asked = round
      const answer = await ask()
      if (answer === undefined || asked !== round) return answer
      if (known.size >= most) empty()
      known.set(key, answer)
      return answer
    },
    forget(writes) {
      if (writes.some(({ kind }) => remembered.includes(kind))) empty()
    },
  }
}

export function isRemembered(kind: Kind): boolean {
  return remembered.includes(kind)
}
