import type { Application } from '../domain/application.ts'
import { keySetAgeMs, type SigningKey } from '../domain/signing-key.ts'
import type { KeyRing } from './key-ring.ts'
import type { Replica } from './replica/replica.ts'

/** The keys with which those who verify assertions begin. */
export interface Certs {
  /** The key set of whoever answers for a host, as JSON; `undefined` where nobody does, or without keys. */
  read(host: string): Promise<string> | undefined
}

export interface CertsDeps {
  readonly replica: Replica
  readonly keyRing: KeyRing
}

/** Seconds for which anybody may keep a key set: a new key signs no sooner. */
export const certsMaxAge = keySetAgeMs / 1000

export function createCerts({ replica, keyRing }: CertsDeps): Certs {
  let named: { readonly version: number; readonly accounts: ReadonlyMap<string, ReadonlySet<string>> } | undefined

  function accountsAt(host: string): Iterable<string> {
    // Anybody may ask for the keys of any host, so nothing is gone through twice for the same answer.
    if (named?.version !== replica.version) named = { version: replica.version, accounts: accountsByHost(replica) }
    const accounts = named.accounts.get(host)
    if (accounts !== undefined) return accounts
    const entrance = replica.entranceTo(host, '/')
    return entrance === undefined || entrance === 'ambiguous' ? [] : [entrance.application.accountId]
  }

  async function keySetOf(keys: readonly SigningKey[], signingId: string | undefined): Promise<string> {
    const published = await Promise.all(keys.map(async (key) => ({ kid: key.id, ...(await keyRing.publish(key)) })))
    const certificates = published.map(({ kid, certificate: cert }) => ({ kid, cert }))
    const publicCert = certificates.find(({ kid }) => kid === signingId) ?? certificates[0]
    return JSON.stringify({ keys: published.map(({ jwk }) => jwk), public_cert: publicCert, public_certs: certificates })
  }

  return {
    read(host) {
      const accounts = [...accountsAt(host)]
      const keys = accounts.flatMap(keyRing.keysOf).sort((one, other) => other.createdAt - one.createdAt)
      const [newest] = keys
      return newest && keySetOf(keys, keyRing.signingKeyOf(newest.accountId)?.id)
    },
  }
}

/** By host: those who issue in its name and the one whose applications name it, so that nobody can take away another's keys. */
function accountsByHost(replica: Replica): ReadonlyMap<string, ReadonlySet<string>> {
  const accounts = new Map<string, Set<string>>()
  const add = (host: string, accountId: string) => void accounts.set(host, (accounts.get(host) ?? new Set()).add(accountId))
  for (const { id, authDomain } of replica.organizations()) add(authDomain, id)
  const oldest = new Map<string, Application>()
  for (const application of replica.applications.values()) {
    for (const host of application.destinations.map((destination) => destination.split('/', 1)[0]?.toLowerCase() ?? '')) {
      const known = oldest.get(host)
      if (known === undefined || application.createdAt < known.createdAt) oldest.set(host, application)
    }
  }
  for (const [host, { accountId }] of oldest) add(host, accountId)
  return accounts
}
