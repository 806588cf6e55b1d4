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
  /** Those who issue in this host's name and the one whose applications name it, so that nobody can take away another's keys; else whoever answers there. */
  function accountsAt(host: string): ReadonlySet<string> {
    const issuers = [...replica.organizations()].flatMap(({ id, authDomain: name }) => (name === host ? [id] : []))
    const isNamed = (at: string) => at === host || at.startsWith(`${host}/`)
    const named = [...replica.applications.values()].filter(({ destinations }) => destinations.some(isNamed))
    const oldest = named.sort((one, other) => one.createdAt - other.createdAt).slice(0, 1)
    if (issuers.length + oldest.length > 0) return new Set([...issuers, ...oldest.map(({ accountId }) => accountId)])
    const entrance = replica.entranceTo(host, '/')
    return new Set(entrance === undefined || entrance === 'ambiguous' ? [] : [entrance.application.accountId])
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
