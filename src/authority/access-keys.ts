import { createHash } from 'node:crypto'
import type { Instant } from '../domain/instant.ts'
import type { Organization } from '../domain/organization.ts'
import type { Scope } from '../domain/service-token.ts'
import { keyOverlapMs, rotationDue, type SigningKey } from '../domain/signing-key.ts'
import { type Journal, untilStored } from './journal.ts'
import type { Organizations } from './organizations.ts'
import { pagesOf } from './pages.ts'
import { type Actor, type Clock, type Log, type Store, system, type Write } from './ports.ts'
import type { Sealer } from './sealer.ts'

/** An account's signing keys as a whole. */
export interface KeyState {
  readonly everyDays: number
  readonly lastRotationAt: Instant
  readonly nextRotationAt: Instant
}

/** The keys with which assertions are signed. */
export interface AccessKeys {
  /** Makes an account's first key if there is none: before anything is stored that the gate would need one for. */
  ensure(scope: Scope): Promise<void>
  get(scope: Scope): Promise<KeyState>
  setInterval(actor: Actor, scope: Scope, everyDays: number): Promise<KeyState>
  /** Makes a new key. It signs as soon as everybody can know it; the last one is honoured for 7 more days. */
  rotate(actor: Actor, scope: Scope): Promise<KeyState>
  /** Rotates every key that is due. */
  rotateDue(): Promise<void>
}

/** An RSA key pair of at least 2048 bits, in PEM: SubjectPublicKeyInfo and PKCS #8. */
export type NewKeyPair = () => Promise<{ readonly publicKey: string; readonly privateKey: string }>

export interface AccessKeysDeps {
  readonly store: Store
  readonly journal: Journal
  readonly organizations: Organizations
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
  readonly newKeyPair: NewKeyPair
}

export function createAccessKeys({ store, journal, organizations, sealer, clock, log, newKeyPair }: AccessKeysDeps): AccessKeys {
  async function newKey(accountId: string): Promise<SigningKey> {
    const { publicKey, privateKey } = await newKeyPair()
    const id = createHash('sha256').update(publicKey).digest('hex')
    const sealedPrivateKey = sealer.seal(`signing key ${id}`, privateKey)
    return { id, accountId, publicKey, sealedPrivateKey, createdAt: 0, endsAt: null, revision: 0 }
  }

  /** Replaces the keys if `isWanted` says so of the newest. The organization is stored with them: of two such changes at once one is decided anew. */
  function replace(
    actor: Actor,
    scope: Scope,
    isWanted: (newest: SigningKey | undefined, organization: Organization) => boolean,
  ): Promise<KeyState> {
    // Made once, however often the change is decided anew: that takes longer than all the rest.
    let made: SigningKey | undefined
    return untilStored('access_key.rotate', async () => {
      const organization = await organizations.get(scope)
      const keys = await store.signingKeysOf(scope.accountId)
      const newest = keys.find((key) => key.endsAt === null)
      if (newest !== undefined && !isWanted(newest, organization)) return stateOf(newest, organization)
      made ??= await newKey(scope.accountId)
      const now = clock.now()
      const key = { ...made, createdAt: now }
      const writes: readonly Write[] = [
        { kind: 'organization', before: organization.revision === 0 ? null : organization, after: organization },
        { kind: 'signing_key', before: null, after: key },
        ...(newest ? [{ kind: 'signing_key' as const, before: newest, after: { ...newest, endsAt: now + keyOverlapMs } }] : []),
        ...keys
          .filter(({ endsAt }) => endsAt !== null && endsAt <= now)
          .map((before) => ({ kind: 'signing_key' as const, before, after: null })),
      ]
      const stored = await journal.commit(writes, {
        ...{ actor, action: newest ? 'access_key.rotate' : 'access_key.create', at: now, accountId: scope.accountId },
        ...{ resource: { kind: 'signing_key', id: key.id }, before: newest ? { kid: newest.id } : null, after: { kid: key.id } },
      })
      return stored ? stateOf(key, organization) : undefined
    })
  }

  return {
    async ensure(scope) {
      await replace(system, scope, () => false)
    },
    get: (scope) => replace(system, scope, () => false),
    rotate: (actor, scope) => replace(actor, scope, () => true),

    async setInterval(actor, scope, everyDays) {
      await organizations.update(actor, scope, { keyRotationDays: everyDays })
      return replace(system, scope, () => false)
    },

    async rotateDue() {
      const isDue = (key: SigningKey | undefined, { keyRotationDays }: Organization) =>
        key !== undefined && rotationDue(key, keyRotationDays) <= clock.now()
      for await (const page of pagesOf(store, 'organization')) {
        for (const organization of page) {
          const [newest] = await store.signingKeysOf(organization.id)
          if (!isDue(newest, organization)) continue
          await replace(system, { accountId: organization.id, zoneId: null }, isDue)
          log.info({ account: organization.id }, 'a signing key has reached its age and was replaced')
        }
      }
    },
  }
}

function stateOf(key: SigningKey, { keyRotationDays }: Organization): KeyState {
  return { everyDays: keyRotationDays, lastRotationAt: key.createdAt, nextRotationAt: rotationDue(key, keyRotationDays) }
}
