/** What a server does with each request, and when a credential that is taken back stops working. */
export interface Check {
  readonly does: string
  readonly revoked: string
}

/** One of the servers that Postern is compared with. */
export interface Entry extends Check {
  readonly name: string
  /** In this folder; its first lines say how the server is set up. */
  readonly script: string
  readonly credentials: number
  /** It is no Node program: how to ask it for its version. */
  readonly program?: readonly [string, ...string[]]
}

export const many = 10_000
const few = 10

const betterAuth: Entry = {
  name: 'Better Auth, api-key',
  script: 'better-auth.mjs',
  credentials: many,
  does: 'reads the key’s row by its SHA-256; expiry; writes last use into the row',
  revoked: 'at once',
}
const oidcProvider: Entry = {
  name: 'node-oidc-provider, introspection',
  script: 'oidc-provider.mjs',
  credentials: many,
  does: 'checks the secret of who asks, reads the token’s row; expiry',
  revoked: 'at once',
}
const express: Entry = {
  name: 'express + SQLite',
  script: 'express-sqlite.mjs',
  credentials: many,
  does: 'reads the client’s row, compares the secret’s SHA-256',
  revoked: 'at once',
}
const bearerAuth: Entry = {
  name: 'fastify + bearer-auth',
  script: 'fastify-bearer-auth.mjs',
  credentials: few,
  does: 'compares with the keys in memory, one by one',
  revoked: 'by a restart',
}
const jwt: Entry = {
  name: 'fastify + jwt',
  script: 'fastify-jwt.mjs',
  credentials: 1000,
  does: 'verifies an RS256 signature; expiry',
  revoked: 'when it expires',
}
const caddy: Entry = {
  name: 'Caddy, basic_auth',
  script: 'caddy.mjs',
  credentials: few,
  does: 'looks up in memory that bcrypt has passed this password before',
  revoked: 'by a reload',
  program: ['caddy', 'version'],
}
const nginx: Entry = {
  name: 'nginx, auth_basic',
  script: 'nginx.mjs',
  credentials: few,
  does: 'reads the password file down to the user; 1000 rounds of MD5 (apr1)',
  revoked: 'at once',
  program: ['nginx', '-v'],
}

/** Those that look at one credential after another stand here twice. */
export const entries: readonly Entry[] = [
  betterAuth,
  oidcProvider,
  express,
  bearerAuth,
  { ...bearerAuth, credentials: many },
  jwt,
  caddy,
  nginx,
  { ...nginx, credentials: many },
]

export const bareCheck: Check = { does: 'nothing', revoked: '–' }
export const posternCheck: Check = {
  does: 'looks the id up in memory, compares the secret’s SHA-256; expiry; application and policies; hands out a signed assertion; notes last use',
  revoked: 'at once',
}
