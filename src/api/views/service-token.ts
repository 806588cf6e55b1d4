import type { SeenServiceToken } from '../../authority/ports.ts'
import type { IssuedServiceToken } from '../../authority/service-tokens.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { ServiceToken } from '../../domain/service-token.ts'
import type { IssuedServiceTokenResult, ServiceTokenResult } from '../../wire/service-token.ts'

/** A service token as the API shows it; no secret. */
export function serviceTokenResult({ token, lastSeenAt }: SeenServiceToken): ServiceTokenResult {
  return { ...common(token), ...(lastSeenAt !== null && { last_seen_at: formatInstant(lastSeenAt) }) }
}

/** The one answer that holds a secret. It has no `last_seen_at`, as that is about the secrets before. */
export function issuedServiceTokenResult({ token, secret }: IssuedServiceToken): IssuedServiceTokenResult {
  return { ...common(token), client_secret: secret }
}

function common(token: ServiceToken): Omit<ServiceTokenResult, 'last_seen_at'> {
  const { id, clientId, name, enabled, duration, secretVersion, previous, createdAt, updatedAt, expiresAt } = token
  return {
    ...{ id, client_id: clientId, name, enabled, duration, client_secret_version: secretVersion },
    ...(previous && { previous_client_secret_expires_at: formatInstant(previous.until) }),
    ...{ created_at: formatInstant(createdAt), updated_at: formatInstant(updatedAt), expires_at: formatInstant(expiresAt) },
  }
}
