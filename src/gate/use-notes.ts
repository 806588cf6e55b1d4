import type { SecretUse } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import type { DeciderDeps } from './decide.ts'
import { createRecollection } from './recollection.ts'
import type { KnownToken } from './replica/token-table.ts'

export interface UseNotes {
  readonly note: DeciderDeps['noteUse']
  /** Hands on what was noted since the last time. */
  hand(): void
}

export interface UseNotesDeps {
  readonly noteToken: (tokenId: string, at: Instant) => void
  readonly noteSecret: (use: SecretUse) => void
}

/** A secret in use, from one address. */
interface Use {
  readonly token: KnownToken
  readonly via: 'current' | 'previous'
  readonly address: string
  at: Instant
  isWaiting: boolean
}

/** A token that is asked for in turn from several addresses has one waiting for each time it changes. */
const maxWaiting = 10_000

/** Notes when which secret was last used, and from where: a caller that goes on as before costs a comparison and a number. */
export function createUseNotes({ noteToken, noteSecret }: UseNotesDeps): UseNotes {
  const latest = createRecollection<Use>()
  let waiting: Use[] = []

  function hand(): void {
    const uses = waiting
    waiting = []
    for (const use of uses) {
      use.isWaiting = false
      const { token, via, address, at } = use
      noteToken(token.id, at)
      noteSecret({ tokenId: token.id, secretVersion: via === 'previous' ? token.previousVersion : token.secretVersion, address, at })
    }
  }

  return {
    hand,
    note(token, via, address, now) {
      let use = latest.of(token)
      if (use === undefined || use.via !== via || use.address !== address) {
        use = { token, via, address, at: 0, isWaiting: false }
        latest.keep(use)
      }
      use.at = now
      if (use.isWaiting) return
      use.isWaiting = true
      if (waiting.push(use) >= maxWaiting) hand()
    },
  }
}
