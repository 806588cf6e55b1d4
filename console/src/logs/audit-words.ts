import type { AuditLogResult } from '../../../src/wire/audit-log.ts'

/** Who did it, as far as the log knows. */
export function actorOf({ email, token_name: token, type, ip_address: address }: AuditLogResult['actor']): string {
  if (type === 'system' && email === undefined && token === undefined)
    return address === undefined ? 'Postern itself' : `somebody at ${address}`
  if (email === undefined) return token === undefined ? 'somebody' : `the token “${token}”`
  return token === undefined ? email : `${email} (“${token}”)`
}

/** As the API describes an action, but for its "api token". */
export function deedOf({ description }: AuditLogResult['action']): string {
  return description.replace('api token', 'API token')
}
