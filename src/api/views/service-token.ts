import type { SecretUse, SeenServiceToken } from '../../authority/ports.ts'
import type { IssuedServiceToken } from '../../authority/service-tokens.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { ServiceToken } from '../../domain/service-token.ts'
import type { IssuedServiceTokenResult, SecretUseResult, ServiceTokenResult } from '../../wire/service-token.ts'

type Shown = { -readonly [Field in keyof ServiceTokenResult]: ServiceTokenResult[Field] }

/** A service token as the API shows it; no secret. */
export function serviceTokenResult({ token, lastSeenAt }: SeenServiceToken): ServiceTokenResult {
  const shown = common(token)
  if (lastSeenAt !== null) shown.last_seen_at = formatInstant(lastSeenAt)
  return shown
}

/** The one answer that holds a secret. It has no `last_seen_at`, as that is about the secrets before. */
export function issuedServiceTokenResult({ token, secret }: IssuedServiceToken): IssuedServiceTokenResult {
  return { ...common(token), client_secret: secret }
}

/** From where a secret was used; `current` or `previous` by the version that the token has now. */
export function secretUseResult({ secretVersion: current }: ServiceToken, { secretVersion, address, at }: SecretUse): SecretUseResult {
  return {
    ...{ client_secret_version: secretVersion, secret: secretVersion === current ? 'current' : 'previous' },
    ...{ ip_address: address, last_seen_at: formatInstant(at) },
  }
}

/** Property by property, for pages of a thousand: spreading takes ten times as long. */
function common(token: ServiceToken): Shown {
  const shown: Shown = {
    id: token.id,
    client_id: token.clientId,
    name: token.name,
    enabled: token.enabled,
    duration: token.duration,
    client_secret_version: token.secretVersion,
    created_at: formatInstant(token.createdAt),
    updated_at: formatInstant(token.updatedAt),
    expires_at: formatInstant(token.expiresAt),
  }
  if (token.previous) shown.previous_client_secret_expires_at = formatInstant(token.previous.until)
  return shown
}
