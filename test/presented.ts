import type { Instant } from '../src/domain/instant.ts'
import type { Digest } from '../src/domain/secret.ts'
import { matchOf, type ServiceToken, type Verification, verify } from '../src/domain/service-token.ts'

/** What comes of presenting the secret with this digest, whoever compares. */
export function presented(token: ServiceToken | undefined, digest: Digest, now: Instant): Verification {
  const validity = token && { ...token, previousUntil: token.previous?.until ?? 0 }
  return verify(validity, matchOf(token?.digest, token?.previous?.digest, digest), now)
}
