// What people write themselves: express 5 (with NODE_ENV=production, as its guide advises), a row by client id, and its SHA-256 compared in constant time.
import { timingSafeEqual } from 'node:crypto'
import express from 'express'
import { announce, credentials } from './announcement.mjs'
import { filled, openDatabase } from './database.mjs'
import { digestOf, newSecrets } from './secrets.mjs'

const database = openDatabase()
database.exec('CREATE TABLE client (id TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID')
const insert = database.prepare('INSERT INTO client (id, digest) VALUES (?, ?)')
const find = database.prepare('SELECT digest FROM client WHERE id = ?')
const secrets = newSecrets(credentials)
await filled(database, () => {
  for (const [number, secret] of secrets.entries()) insert.run(`client-${number}`, digestOf(secret))
})

/** @param {string | undefined} id @param {string | undefined} secret */
function isKnown(id, secret) {
  if (id === undefined || secret === undefined) return false
  const row = /** @type {{ digest: Buffer } | undefined} */ (find.get(id))
  return row !== undefined && timingSafeEqual(row.digest, digestOf(secret))
}

const app = express()
app.disable('x-powered-by')
app.use((request, response, next) => {
  if (isKnown(request.get('client-id'), request.get('client-secret'))) next()
  else response.status(401).end()
})
app.get('/', (_request, response) => {
  response.status(200).end()
})

/** @param {string} id @param {string} secret */
const request = (id, secret) => ({ method: 'GET', path: '/', headers: { 'client-id': id, 'client-secret': secret } })
const server = app.listen(0, '127.0.0.1', () => {
  announce({
    port: server.address().port,
    requests: secrets.map((secret, number) => request(`client-${number}`, secret)),
    admitted: { status: 200 },
    refused: { request: request('client-0', newSecrets(1)[0]), status: 401 },
  })
})
