import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Log } from '../../src/authority/ports.ts'
import { type Call, json, type RawApi, startRawApi } from '../raw-api.ts'

const logged: unknown[] = []
const keep = (...line: unknown[]) => void logged.push(line)
const log: Log = { info: keep, warn: keep, error: keep }
let api: RawApi
let collection: string
let item: string
let clientSecret: string

beforeAll(async () => {
  api = await startRawApi({ log })
  collection = `/accounts/${api.postern.bootstrap.accountId}/access/service_tokens`
  const { result } = (await api.call({ method: 'POST', path: collection, body: { name: 'secretive' } })).envelope
  item = `${collection}/${result?.['id']}`
  clientSecret = result?.['client_secret'] as string
})
afterAll(() => api.stop())

/** Every place where someone might put a secret by mistake. */
const misplaced: readonly (readonly [place: string, call: (secret: string) => Call])[] = [
  ['the path, for an id', (secret) => ({ method: 'GET', path: `${collection}/${secret}` })],
  ['the path, for an account', (secret) => ({ method: 'GET', path: `/accounts/${secret}/access/service_tokens` })],
  ['a path that leads nowhere', (secret) => ({ method: 'POST', path: `/verify/${secret}/now` })],
  ['a broken path', (secret) => ({ method: 'GET', path: `/${secret}/%` })],
  ['the query', (secret) => ({ method: 'GET', path: `${collection}?page=${secret}` })],
  ['the name of a query parameter', (secret) => ({ method: 'GET', path: `/nowhere?${secret}=1` })],
  ['a field that is not one', (secret) => ({ method: 'PUT', path: item, body: { client_secret: secret } })],
  ['the name of a field', (secret) => ({ method: 'PUT', path: item, body: { [secret]: 1 } })],
  [
    'the name of a field that is given twice',
    (secret) => ({ method: 'PUT', path: item, headers: json, body: `{"${secret}":1,"${secret}":2}` }),
  ],
  ['a field of another kind', (secret) => ({ method: 'PUT', path: item, body: { duration: secret, enabled: secret, id: secret } })],
  ['a body that is not JSON', (secret) => ({ method: 'POST', path: collection, headers: json, body: secret })],
  ['a body that breaks off', (secret) => ({ method: 'POST', path: collection, headers: json, body: `{"client_secret":"${secret}"` })],
  ['the content type', (secret) => ({ method: 'POST', path: collection, headers: { 'content-type': secret }, body: '{}' })],
  [
    'a part of the content type',
    (secret) => ({ method: 'POST', path: collection, headers: { 'content-type': `text/${secret}` }, body: '{}' }),
  ],
  ['Authorization, without Bearer', (secret) => ({ method: 'GET', path: collection, credentials: { authorization: secret } })],
  [
    'Authorization, with another scheme',
    (secret) => ({ method: 'GET', path: collection, credentials: { authorization: `Basic ${secret}` } }),
  ],
  ['the e-mail address', (secret) => ({ method: 'GET', path: collection, credentials: { 'x-auth-email': secret, 'x-auth-key': secret } })],
  ['the method', (secret) => ({ method: 'PATCH', path: `${collection}/${secret}` })],
]

test.each(misplaced)('a secret in the wrong place is repeated neither in the answer nor in the log: %s', async (_place, call) => {
  const { apiToken, apiKey } = api.postern.bootstrap
  const foreign = [`cfast_${'A1b2'.repeat(10)}0123abcd`, 'bdd31cbc4dec990953e39163fbbb194c93313ca9f0a6e420346af9d326b1d2a5', 'k'.repeat(37)]
  for (const secret of [clientSecret, apiToken, apiKey, ...foreign]) {
    const answer = await api.call(call(secret))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    for (const text of [answer.text, JSON.stringify(answer.headers), JSON.stringify(logged)]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(secret.slice(10, 30))
    }
  }
})
