import type { SecretUse } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import type { DeciderDeps } from './decide.ts'
import { createRecollection } from './recollection.ts'
import type { KnownToken } from './replica/token-table.ts'
import { createWaitingLists, type Waiting, type WaitingLists } from './waiting-lists.ts'

/** Which secret was last used when, and from where. */
export interface UseNotes extends Pick<WaitingLists<Use>, 'hand' | 'handAll'> {
  readonly note: DeciderDeps['noteUse']
}

export interface UseNotesDeps {
  readonly noteToken: (tokenId: string, at: Instant) => void
  readonly noteSecret: (use: SecretUse) => void
}

/** A secret in use, from one address. */
interface Use extends Waiting {
  readonly token: KnownToken
  readonly via: 'current' | 'previous'
  readonly address: string
  at: Instant
}

/** A caller that goes on as before costs a comparison and a number. */
export function createUseNotes({ noteToken, noteSecret }: UseNotesDeps): UseNotes {
  const latest = createRecollection<Use>('use')
  const lists = createWaitingLists<Use>(({ token, via, address, at }) => {
    noteToken(token.id, at)
    noteSecret({ tokenId: token.id, secretVersion: via === 'previous' ? token.previousVersion : token.secretVersion, address, at })
  })

  return {
    hand: lists.hand,
    handAll: lists.handAll,
    note(token, via, address, now) {
      let use = latest.of(token)
      if (use === undefined || use.via !== via || use.address !== address) {
        use = { token, via, address, at: 0, handedAt: Number.NEGATIVE_INFINITY, isWaiting: false }
        latest.keep(token, use)
      }
      use.at = now
      if (!use.isWaiting) lists.add(use, now)
    },
  }
}
