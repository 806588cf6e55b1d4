import type { SecretUse } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import type { DeciderDeps } from './decide.ts'
import { createRecollection } from './recollection.ts'
import type { KnownToken } from './replica/token-table.ts'

export interface UseNotes {
  readonly note: DeciderDeps['noteUse']
  /** Hands on the uses of those who had not been heard of for a minute, and once in a minute those of all others. */
  hand(now: Instant): void
  /** Hands on whatever is left. */
  handAll(): void
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
  handedAt: Instant
  isWaiting: boolean
}

/** Who goes on asking is stored once in so long: ten thousand machines that ask all the time would otherwise keep the database at nothing else. */
const steadyMs = 60_000
/** So few that handing them on holds up no request. */
const mostNew = 100
/** A token that is asked for in turn from several addresses has one waiting for each time it changes. */
const mostSteady = 10_000

/** Notes when which secret was last used, and from where: a caller that goes on as before costs a comparison and a number. */
export function createUseNotes({ noteToken, noteSecret }: UseNotesDeps): UseNotes {
  const latest = createRecollection<Use>()
  const [newUses, steadyUses]: [Use[], Use[]] = [[], []]
  let steadySince = Number.NEGATIVE_INFINITY

  function handOn(uses: Use[]): void {
    for (const use of uses) {
      const { token, via, address, at } = use
      use.isWaiting = false
      use.handedAt = at
      noteToken(token.id, at)
      noteSecret({ tokenId: token.id, secretVersion: via === 'previous' ? token.previousVersion : token.secretVersion, address, at })
    }
    uses.length = 0
  }

  return {
    hand(now) {
      handOn(newUses)
      // A clock that was put back must not put it off.
      if (Math.abs(now - steadySince) < steadyMs) return
      steadySince = now
      handOn(steadyUses)
    },
    handAll() {
      handOn(newUses)
      handOn(steadyUses)
    },
    note(token, via, address, now) {
      let use = latest.of(token)
      if (use === undefined || use.via !== via || use.address !== address) {
        use = { token, via, address, at: 0, handedAt: Number.NEGATIVE_INFINITY, isWaiting: false }
        latest.keep(use)
      }
      use.at = now
      if (use.isWaiting) return
      use.isWaiting = true
      if (now - use.handedAt < steadyMs) {
        if (steadyUses.push(use) >= mostSteady) handOn(steadyUses)
      } else if (newUses.push(use) >= mostNew) handOn(newUses)
    },
  }
}
