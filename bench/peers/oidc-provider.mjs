// node-oidc-provider: machines get opaque access tokens by client_credentials, and a service asks of each at the introspection endpoint. Set up as its
// documentation asks for production: keys of its own, the development interactions off, and its storage (clients and tokens) in a database. It warns that it
// wants a newer Node than 20, and works.
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { announce, credentials } from './announcement.mjs'
import { filled, openDatabase } from './database.mjs'
import { createAdapters } from './oidc-storage.mjs'
import { newSecrets } from './secrets.mjs'

const lifetimeSeconds = 3600
const database = openDatabase()
const adapterOf = createAdapters(database)
const [serviceSecret = '', ...cookieKeys] = newSecrets(3)
const traits = { redirect_uris: [], response_types: [] }
const provider = new Provider('http://127.0.0.1', {
  adapter: adapterOf,
  // The service that asks. Machines are clients in the database, as registration leaves them there.
  clients: [{ client_id: 'service', client_secret: serviceSecret, grant_types: [], ...traits }],
  cookies: { keys: cookieKeys },
  jwks: {
    keys: [
      {
        ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
        use: 'sig',
        alg: 'RS256',
        kid: randomUUID(),
      },
    ],
  },
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: false } },
  scopes: ['deploy'],
  ttl: { ClientCredentials: lifetimeSeconds },
})

const clients = adapterOf('Client')
const accessTokens = adapterOf('ClientCredentials')
/** @param {string} client_id */
const registered = (client_id) =>
  clients.upsert(client_id, { client_id, client_secret: newSecrets(1)[0], ...traits, grant_types: ['client_credentials'] })
await registered('machine-0')
const client = await provider.Client.find('machine-0')
const first = await new provider.ClientCredentials({ client, scope: 'deploy' }).save()
const tokens = [first, ...newSecrets(credentials - 1)]
await filled(database, async () => {
  // What the provider stores for a machine and its token. To let it make each would take ten seconds.
  const payload = await accessTokens.find(first)
  for (const [number, jti] of tokens.entries()) {
    const clientId = `machine-${number}`
    if (number > 0) await registered(clientId)
    if (number > 0) await accessTokens.upsert(jti, { ...payload, jti, clientId }, lifetimeSeconds)
  }
})

const authorization = `Basic ${Buffer.from(`service:${serviceSecret}`).toString('base64')}`
const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
/** @param {string} token */
const request = (token) => ({ method: 'POST', path: '/token/introspection', headers, body: `token=${token}&token_type_hint=access_token` })
const server = createServer(provider.callback())
server.listen(0, '127.0.0.1', () => {
  announce({
    port: server.address().port,
    requests: tokens.map(request),
    admitted: { status: 200, contains: '"active":true' },
    // What it says of a token that it does not know (RFC 7662, section 2.2).
    refused: { request: request(newSecrets(1)[0]), status: 200, contains: '{"active":false}' },
  })
})
