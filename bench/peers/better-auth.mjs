// Better Auth with its api-key plugin on better-sqlite3. Defaults, but for the plugin's rate limit, which lets a key through 10 times a day.
// Each verification reads the key's row and writes into it when it was last used.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { apiKey, defaultKeyHasher } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { announce, credentials } from './announcement.mjs'
import { filled, openDatabase } from './database.mjs'
import { newSecrets } from './secrets.mjs'

const database = openDatabase()
const auth = betterAuth({
  database,
  baseURL: 'http://127.0.0.1',
  secret: randomBytes(32).toString('base64'),
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
})
await (await getMigrations(auth.options)).runMigrations()

const { internalAdapter } = await auth.$context
const { id: userId } = await internalAdapter.createUser({ name: 'Machines', email: 'machines@example.com' })
const first = await auth.api.createApiKey({ body: { userId, name: 'machine' } })
const keys = [first.key, ...newSecrets(credentials - 1)]
await filled(database, async () => {
  // Rows as the plugin writes them. To let it write each would take ten seconds.
  const row = database.prepare('SELECT * FROM apikey WHERE id = ?').get(first.id)
  const columns = Object.keys(row)
  const insert = database.prepare(
    `INSERT INTO apikey (${columns.map((name) => `"${name}"`).join()}) VALUES (${columns.map((name) => `@${name}`).join()})`,
  )
  for (const [number, key] of keys.entries()) {
    if (number > 0) insert.run({ ...row, id: `${first.id}${number}`, start: key.slice(0, 6), key: await defaultKeyHasher(key) })
  }
})

const server = createServer(async (request, response) => {
  const { valid } = await auth.api.verifyApiKey({ body: { key: request.headers['x-api-key'] ?? '' } })
  response.statusCode = valid ? 200 : 401
  response.end()
})
/** @param {string} key */
const request = (key) => ({ method: 'GET', path: '/', headers: { 'x-api-key': key } })
server.listen(0, '127.0.0.1', () => {
  announce({
    port: server.address().port,
    requests: keys.map(request),
    admitted: { status: 200 },
    refused: { request: request(newSecrets(1)[0]), status: 401 },
  })
})
