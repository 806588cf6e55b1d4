import { digestOf } from '../../../src/domain/secret.ts'
import { rotate } from '../../../src/domain/service-token.ts'
import { anApplication, aPolicy, aToken, bypass, clientIdOf, credentials, uses } from '../../gate-fixtures.ts'
import type { Knock } from './doors.ts'

// What is sent to the gate through every door, what the gate knows then, and the answers that the wire facts (§5) ask for.

const nearby = aPolicy({ id: 'nearby', decision: 'bypass', include: [{ kind: 'ip', range: '127.0.0.0/8' }] })
const elsewhere = aPolicy({ id: 'elsewhere', decision: 'bypass', include: [{ kind: 'ip', range: '203.0.113.0/24' }] })
export const policies = [nearby, elsewhere]

export const applications = [
  anApplication({ domain: 'token.example' }),
  anApplication({ domain: 'nobody.example', policies: [] }),
  anApplication({ domain: 'asks.example', asksForCredentials: true }),
  anApplication({ domain: 'single.example', tokenHeader: 'x-service-token' }),
  anApplication({ domain: 'open.example', policies: uses(bypass) }),
  anApplication({ domain: 'open.example/admin' }),
  anApplication({ domain: 'nearby.example', policies: uses(nearby) }),
  anApplication({ domain: 'elsewhere.example', policies: uses(elsewhere) }),
]

/** What the gate's clock says. */
export const start = Date.parse('2026-01-01T00:00:00Z')
export const tokens = [
  aToken({ name: 'expired', expiresAt: start }),
  aToken({ name: 'disabled', enabled: false }),
  { ...rotate(aToken({ name: 'rotated' }), digestOf('newer'), start - 1), revision: 2 },
]

export const pair = (id: string, secret = 'secret') => ['CF-Access-Client-Id', id, 'CF-Access-Client-Secret', secret]
export const single = [
  'X-Service-Token',
  JSON.stringify({ 'cf-access-client-id': clientIdOf('token'), 'cf-access-client-secret': 'secret' }),
]
export const on = (host: string, headers: readonly string[] = [], rest: Partial<Knock> = {}): Knock => ({ host, headers, ...rest })

const lowerCase = credentials.map((text, at) => (at % 2 ? text : text.toLowerCase()))

export interface Row {
  readonly what: string
  readonly knock: Knock
  /** The status that the client sees, in accounts that are strict and in those that are not. */
  readonly strict: number
  readonly legacy: number
  /** Whether it gets a cookie, in accounts that are not strict. */
  readonly isForCookie: boolean
}

const row = (what: string, knock: Knock, strict: number, legacy = strict): Row => {
  const isForCookie = legacy === 200 && knock.headers !== undefined && knock.headers.length > 0
  return { what, knock, strict, legacy, isForCookie }
}

export const rows: readonly Row[] = [
  row('a valid token', on('token.example', credentials), 200),
  row('a valid token, POST', on('token.example', credentials, { method: 'POST' }), 200),
  row('a valid token, HEAD', on('token.example', credentials, { method: 'HEAD' }), 200),
  row('a valid token, header names in lower case', on('token.example', lowerCase), 200),
  row('a valid token, host in upper case', on('TOKEN.example', credentials), 200),
  row('a valid token, host with a port', on('token.example:8443', credentials), 200),
  row('a wrong secret', on('token.example', pair(clientIdOf('token'), 'wrong')), 401, 403),
  row('an unknown client id', on('token.example', pair(clientIdOf('unknown'))), 401, 403),
  row('an expired token', on('token.example', pair(clientIdOf('expired'))), 401, 403),
  row('a disabled token', on('token.example', pair(clientIdOf('disabled'))), 401, 403),
  row('a secret that was rotated out', on('token.example', pair(clientIdOf('rotated'))), 401, 403),
  row('the secret after a rotation', on('token.example', pair(clientIdOf('rotated'), 'newer')), 200),
  row('a valid token that no policy lets in', on('nobody.example', credentials), 403),
  row('a client id alone', on('token.example', credentials.slice(0, 2)), 401),
  row('a client secret alone', on('token.example', credentials.slice(2)), 401),
  row('the client id twice', on('token.example', [...credentials, ...credentials.slice(0, 2)]), 401),
  row('the client secret twice', on('token.example', [...credentials, 'cf-access-client-secret', 'secret']), 401),
  row('both styles at once', on('single.example', [...credentials, ...single]), 401),
  row('one header with both', on('single.example', single), 200),
  row('one header with both, where none is expected', on('token.example', single), 403),
  row('no credentials', on('token.example'), 403),
  row('no credentials, where the application asks for them', on('asks.example'), 401),
  row('a session that is none', on('token.example', ['Cookie', 'CF_Authorization=abc.def.ghi']), 403),
  row('a host without an application', on('unknown.example', credentials), 403),
  row('everybody, where everybody may', on('open.example'), 200),
  row('everybody, below a path where everybody may', on('open.example', [], { path: '/public/admin?x=/admin' }), 200),
  row('everybody, where a token is wanted', on('open.example', [], { path: '/admin' }), 403),
  row('everybody, below a path where a token is wanted', on('open.example', [], { path: '/admin/users?x=1' }), 403),
  row('a valid token, where one is wanted', on('open.example', credentials, { path: '/admin/users?x=1' }), 200),
  row('a path that can be read in two ways', on('open.example', [], { path: '/public/..%2fadmin' }), 403),
  row('a path that can be read in two ways, with a valid token', on('open.example', credentials, { path: '//admin' }), 403),
  row('an address that may', on('nearby.example'), 200),
  row('an address that may not', on('elsewhere.example'), 403),
]

/** Cookies that a client sends, and those of them that are the origin's. */
export const cookies: readonly (readonly [string, string])[] = [
  ['CF_Authorization=a.b.c; one=1', 'one=1'],
  ['one=1; CF_Authorization=a.b.c', 'one=1'],
  ['one=1; CF_Authorization=a.b.c; two=2', 'one=1; two=2'],
  ['one=1;CF_Authorization =a.b.c;two=2', 'one=1;two=2'],
  ['one=1; xCF_Authorization=kept; CF_AuthorizationX=kept', 'one=1; xCF_Authorization=kept; CF_AuthorizationX=kept'],
]
