import { afterEach, beforeEach, expect, test } from 'vitest'
import { machineHeaders, startOrigin, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, startProcess, storedIn } from '../postern-process.ts'

const accountId = 'a'.repeat(32)
// Made for this test; long enough that they cannot turn up by chance.
const apiKey = 'psk_KeyThatNobodyMayEverSeeInALogOrDatabase12345678'
const apiToken = 'psu_TokenThatNobodyMayEverSeeInALogOrDatabase123456'

let folder: ReturnType<typeof temporaryFolder>
let postern: PosternProcess

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => {
  postern.child.kill('SIGKILL')
  folder.remove()
})

test('after a full run no secret is in the logs, the database, the audit trail or an error', async () => {
  const origin = await startOrigin()
  postern = await startProcess({
    folder: folder.path,
    settings: {
      ...{ BOOTSTRAP_ACCOUNT_ID: accountId, BOOTSTRAP_EMAIL: 'ops@example.com', BOOTSTRAP_API_KEY: apiKey, BOOTSTRAP_API_TOKEN: apiToken },
      ...{ LOG_LEVEL: 'trace', ORIGIN_URL: origin.url },
    },
  })
  const secrets = [apiKey, apiToken]
  const refusals: string[] = []

  const bearer = { authorization: `Bearer ${apiToken}` }
  const collection = `${postern.apiUrl}/client/v4/accounts/${accountId}/access/service_tokens`
  async function call(method: string, path: string, { body, headers = bearer }: { body?: unknown; headers?: Record<string, string> } = {}) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(collection + path, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: text ?? null,
    })
    const answer = await response.text()
    if (!response.ok) refusals.push(answer)
    const result = (JSON.parse(answer) as { result: { id: string; client_id: string; client_secret?: string } | null }).result
    if (result?.client_secret !== undefined) secrets.push(result.client_secret)
    return result
  }
  async function pass(headers: Record<string, string>, path = '/authorize') {
    const response = await fetch(postern.gateUrl + path, { headers })
    const text = await response.text()
    if (!response.ok) refusals.push(text)
  }

  const created = await call('POST', '', { body: { name: 'watched' } })
  if (created === null) throw new Error('no token was created')
  const ended = machineHeaders(created)
  const item = `/${created.id}`
  await call('POST', `${item}/rotate`, { body: { previous_client_secret_expires_at: '2099-01-01T00:00:00Z' } })
  await call('PUT', item, { body: { client_secret_version: 9 } })
  await call('POST', `${item}/refresh`)
  await call('GET', item)
  await call('GET', '')
  await call('GET', '', { headers: { 'x-auth-email': 'ops@example.com', 'x-auth-key': apiKey } })
  // Secrets in places where they do not belong.
  await call('GET', '', { headers: { authorization: `Basic ${apiToken}` } })
  await call('GET', '', { headers: { authorization: `Bearer ${apiToken.slice(0, -1)}` } })
  await call('GET', '', { headers: { 'x-auth-email': 'ops@example.com', 'x-auth-key': apiToken } })
  await call('PUT', item, { body: { client_secret: secrets.at(-1) } })
  await call('PUT', item, { body: { duration: secrets.at(-1) } })
  await call('PUT', item, { body: { enabled: secrets.at(-1) } })
  await call('POST', '', { body: `{"name": ${secrets.at(-1)}}` })
  await call('POST', '', { body: `{"name": "${secrets.at(-1)}` })
  await call('GET', `?per_page=${secrets.at(-1)}`)
  await pass(ended)
  await pass(ended, '/to/the/origin')
  const newest = machineHeaders({ ...created, client_secret: secrets.at(-1) as string })
  await pass(newest)
  await pass(newest, '/to/the/origin')
  await pass({ 'cf-access-client-id': secrets.at(-1) as string, 'cf-access-client-secret': created.client_id })
  await call('DELETE', item)
  await origin.stop()
  expect(await postern.end('SIGTERM')).toBe(0)

  expect(secrets).toHaveLength(5)
  expect(refusals.length).toBeGreaterThan(10)
  const places = { output: postern.output(), refusals: refusals.join('\n'), database: await storedIn(folder.path) }
  // The database holds the rows that are searched for: the audit trail's too.
  expect(places.database).toContain('service_token.rotate')
  expect(places.database).toContain(created.client_id)
  for (const [place, content] of Object.entries(places)) {
    expect(content.length).toBeGreaterThan(100)
    // The body without its prefix and checksum, in case those were cut off.
    for (const secret of secrets) expect(content.includes(secret.slice(4, 36)), `${secret.slice(0, 4)}… in ${place}`).toBe(false)
    expect(content).not.toMatch(/PRIVATE KEY/)
  }
  expect(origin.received).toHaveLength(1)
  expect(JSON.stringify(origin.received)).not.toMatch(/client-id|client-secret/i)
})
