import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Clock } from '../authority/ports.ts'
import type { Sealer } from '../authority/sealer.ts'
import type { Instant } from '../domain/instant.ts'
import { isHonoured, keySetAgeMs, type SigningKey, signingKeyAt, surelyHonouredUntil } from '../domain/signing-key.ts'
import { createBoundedCache } from './bounded-cache.ts'
import { certificateOf } from './certificate.ts'
import type { Replica } from './replica/replica.ts'

/** A public key for those who verify (RFC 7517), and the same as a certificate. */
export interface PublishedKey {
  readonly jwk: JsonWebKey
  readonly certificate: string
}

/** The signing keys that the gate knows. Each private key is decrypted once, and stays in memory. */
export interface KeyRing {
  /** The one that signs an account's assertions now. */
  signingKeyOf(accountId: string, now?: Instant): SigningKey | undefined
  /** Those whose assertions are honoured, newest first. */
  keysOf(accountId: string): readonly SigningKey[]
  /** The key of this id, if it is an honoured one of this account. */
  find(accountId: string, id: string): SigningKey | undefined
  /** Until when a key that signs now is honoured, whatever is rotated meanwhile. */
  honouredUntil(key: SigningKey): Instant
  /** Signs aside the event loop (RS256: RFC 7518, section 3.3). Rejects when the private key cannot be decrypted. */
  sign(key: SigningKey, content: string): Promise<Buffer>
  verify(key: SigningKey, content: string, signature: Buffer): boolean
  publish(key: SigningKey): Promise<PublishedKey>
}

export interface KeyRingDeps {
  readonly replica: Replica
  readonly sealer: Sealer
  readonly clock: Clock
  /** How long a gate may not know what was stored. */
  readonly stalenessBudgetMs: number
}

/** Keys that are kept decrypted, or as certificates. */
const maxKept = 10_000

export function createKeyRing({ replica, sealer, clock, stalenessBudgetMs }: KeyRingDeps): KeyRing {
  // Every gate has to know a new key, and every reader that one of them gave the keys without it has to ask again.
  const headStartMs = stalenessBudgetMs + keySetAgeMs
  const signInTurn = createSigner(availableParallelism())
  const privateKeys = createBoundedCache<KeyObject>(maxKept)
  const publicKeys = createBoundedCache<KeyObject>(maxKept)
  const published = createBoundedCache<PublishedKey>(maxKept)

  function privateKeyOf(key: SigningKey): KeyObject {
    return keptIn(privateKeys, key.id, () => createPrivateKey(sealer.open(`signing key ${key.id}`, key.sealedPrivateKey)))
  }

  function publicKeyOf(key: SigningKey): KeyObject {
    return keptIn(publicKeys, key.id, () => createPublicKey(key.publicKey))
  }

  async function signBytes(key: SigningKey, content: Buffer): Promise<Buffer> {
    return signInTurn(content, privateKeyOf(key))
  }

  return {
    signingKeyOf: (accountId, now = clock.now()) => signingKeyAt(replica.signingKeysOf(accountId), now, headStartMs),
    keysOf: (accountId) => replica.signingKeysOf(accountId).filter((key) => isHonoured(key, clock.now())),
    find: (accountId, id) => replica.signingKeysOf(accountId).find((key) => key.id === id && isHonoured(key, clock.now())),
    honouredUntil: (key) => surelyHonouredUntil(key, clock.now(), stalenessBudgetMs),
    sign: (key, content) => signBytes(key, Buffer.from(content)),
    verify: (key, content, signature) => verify('sha256', Buffer.from(content), publicKeyOf(key), signature),

    async publish(key) {
      const known = published.get(key.id)
      if (known !== undefined) return known
      const { kty, e, n } = publicKeyOf(key).export({ format: 'jwk' })
      const jwk = { kid: key.id, kty, alg: 'RS256', use: 'sig', e, n } as JsonWebKey
      const made = { jwk, certificate: await certificateOf(key, (content) => signBytes(key, content)) }
      published.set(key.id, made)
      return made
    },
  }
}

/**
 * Signs on the thread pool, so many at a time and in the order in which they were asked for. With more threads than cores, each signature waits in the middle
 * for the others, and whoever needs none waits for all of them.
 */
function createSigner(mostAtOnce: number): (content: Buffer, privateKey: KeyObject) => Promise<Buffer> {
  const due: (() => void)[] = []
  let underWay = 0

  function beginNext(): void {
    if (underWay >= mostAtOnce) return
    const begin = due.shift()
    if (begin === undefined) return
    underWay++
    begin()
  }

  return (content, privateKey) =>
    new Promise((resolve, reject) => {
      const end = (error: unknown, signature?: Buffer) => {
        underWay--
        beginNext()
        if (signature === undefined) reject(error)
        else resolve(signature)
      }
      due.push(() => {
        // Whatever is wrong with one, the next has its turn.
        try {
          sign('sha256', content, privateKey, end)
        } catch (error) {
          end(error)
        }
      })
      beginNext()
    })
}

function keptIn(
  cache: { get(id: string): KeyObject | undefined; set(id: string, key: KeyObject): void },
  id: string,
  make: () => KeyObject,
) {
  const known = cache.get(id)
  if (known !== undefined) return known
  const made = make()
  cache.set(id, made)
  return made
}
