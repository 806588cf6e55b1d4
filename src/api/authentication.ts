import type { IncomingHttpHeaders } from 'node:http'
import { Failure } from '../authority/failure.ts'
import type { Credentials } from '../authority/sign-in.ts'

/** What the request signs in with: an API token, else e-mail and key. Clients may send both at once; the token counts. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const { authorization } = headers
  if (authorization !== undefined) {
    const value = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1]
    if (value === undefined) throw new Failure('malformed_authorization')
    return { kind: 'api_token', value }
  }
  const email = headers['x-auth-email']
  const key = headers['x-auth-key']
  if (typeof email !== 'string' || typeof key !== 'string' || email === '' || key === '') throw new Failure('missing_credentials')
  return { kind: 'api_key', email, key }
}
