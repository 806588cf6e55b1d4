import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { movableClock } from '../fixtures.ts'
import { type Answer, type Call, json, type RawApi, startRawApi } from '../raw-api.ts'

const clock = movableClock('2026-03-01T12:00:00.250Z')
const later = '2026-03-01T13:00:00Z'
let api: RawApi

beforeAll(async () => {
  api = await startRawApi({ clock })
})
afterAll(() => api.stop())

/** What every answer about a token holds. */
const shown = ['id', 'client_id', 'name', 'enabled', 'duration', 'client_secret_version', 'created_at', 'updated_at', 'expires_at']

function expectToken(answer: Answer, status: number, ...more: readonly string[]): Readonly<Record<string, unknown>> {
  const { result, ...rest } = answer.envelope
  expect(rest).toEqual({ success: true, errors: [], messages: [] })
  expect(answer.status).toBe(status)
  expect(Object.keys(result ?? {}).toSorted()).toEqual([...shown, ...more].toSorted())
  return result ?? {}
}

describe.each(['accounts', 'zones'])('service tokens below /%s', (scope) => {
  let collection: string
  let item: string

  beforeEach(async () => {
    const { accountId, zoneId } = api.postern.bootstrap
    collection = `/${scope}/${scope === 'accounts' ? accountId : zoneId}/access/service_tokens`
    item = `${collection}/${expectToken(await post(collection, { body: { name: 'one of them' } }), 201, 'client_secret')['id']}`
  })

  const post = (path: string, more: Partial<Call> = {}) => api.call({ method: 'POST', path, ...more })

  test('create is 201 with a secret; get, update and delete are 200 without', async () => {
    const everything = { duration: '1h30m', enabled: false, client_secret_version: 2, previous_client_secret_expires_at: later }
    const created = await post(collection, { body: { name: 'all fields', ...everything } })
    const { previous_client_secret_expires_at: _, ...kept } = everything
    expect(expectToken(created, 201, 'client_secret')).toMatchObject({ name: 'all fields', ...kept, expires_at: '2026-03-01T13:30:00Z' })
    const got = expectToken(await api.call({ method: 'GET', path: item }), 200)
    expect(expectToken(await api.call({ method: 'PUT', path: item, body: {} }), 200)).toEqual(got)
    expect(expectToken(await api.call({ method: 'PUT', path: item }), 200)).toEqual(got)
    expect(expectToken(await api.call({ method: 'DELETE', path: item }), 200)).toEqual(got)
    expect((await api.call({ method: 'GET', path: item })).status).toBe(404)
  })

  test('an update that raises client_secret_version answers with the new secret', async () => {
    const raised = await api.call({ method: 'PUT', path: item, body: { client_secret_version: 5 } })
    const token = expectToken(raised, 200, 'client_secret', 'previous_client_secret_expires_at')
    expect(token['client_secret_version']).toBe(5)
    const again = await api.call({ method: 'PUT', path: item, body: { client_secret_version: 5 } })
    expectToken(again, 200, 'previous_client_secret_expires_at')
  })

  test('refresh takes an empty body without a content type, in every way to send nothing', async () => {
    const ways: readonly Partial<Call>[] = [
      {},
      { headers: json },
      { body: '{}', headers: json },
      { headers: { 'transfer-encoding': 'chunked' } },
    ]
    for (const way of ways) expectToken(await post(`${item}/refresh`, way), 200)
    const head = `POST /client/v4${item}/refresh HTTP/1.1\r\nhost: postern\r\nconnection: close`
    expect(await api.converse(`${head}\r\nauthorization: Bearer ${api.postern.bootstrap.apiToken}\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('rotate takes no body, {} or a timestamp', async () => {
    const ways: readonly Partial<Call>[] = [{}, { headers: json }, { body: {} }, { headers: { 'transfer-encoding': 'chunked' } }]
    for (const [index, way] of ways.entries()) {
      const token = expectToken(await post(`${item}/rotate`, way), 200, 'client_secret', 'previous_client_secret_expires_at')
      expect(token).toMatchObject({ client_secret_version: index + 2, previous_client_secret_expires_at: '2026-03-01T12:00:00Z' })
    }
    const rotated = await post(`${item}/rotate`, { body: { previous_client_secret_expires_at: '2026-03-01T14:00:00.999+01:00' } })
    const token = expectToken(rotated, 200, 'client_secret', 'previous_client_secret_expires_at')
    expect(token['previous_client_secret_expires_at']).toBe(later)
  })

  test.each<[string, Partial<Call>]>([
    ['a content type and no body', { headers: json }],
    ['a content type that is not JSON and no body', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['an empty object', { body: {} }],
  ])('delete does not mind %s', async (_what, way) => {
    expectToken(await api.call({ method: 'DELETE', path: item, ...way }), 200)
  })

  test('a content type may have parameters and any case', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;']) {
      expectToken(await post(collection, { body: '{"name":"typed"}', headers: { 'content-type': type } }), 201, 'client_secret')
    }
  })

  test('an update may carry what it was shown, and changes nothing by it', async () => {
    await post(`${item}/rotate`, { body: { previous_client_secret_expires_at: later } })
    const before = await api.written()
    const { result } = (await api.call({ method: 'GET', path: item })).envelope
    const same = await api.call({ method: 'PUT', path: item, body: result })
    expect(expectToken(same, 200, 'previous_client_secret_expires_at')).toEqual(result)
    expect(await api.written()).toEqual(before)
  })
})

test('a list says how many there are, on the first page, the last, and past the end', async () => {
  const path = `/zones/${api.postern.bootstrap.zoneId}/access/service_tokens`
  for (let number = 0; number < 5; number++) await api.call({ method: 'POST', path, body: { name: 'counted' } })
  const list = async (query: string) => {
    const { envelope, status } = await api.call({ method: 'GET', path: `${path}?name=counted&${query}` })
    expect([status, envelope.success]).toEqual([200, true])
    return [envelope.result?.['length'], envelope.result_info]
  }
  const all = { total_count: 5, total_pages: 3 }
  expect(await list('per_page=2')).toEqual([2, { count: 2, page: 1, per_page: 2, ...all }])
  expect(await list('per_page=2&page=3')).toEqual([1, { count: 1, page: 3, per_page: 2, ...all }])
  expect(await list('per_page=2&page=4')).toEqual([0, { count: 0, page: 4, per_page: 2, ...all }])
  const last = Number.MAX_SAFE_INTEGER
  expect(await list(`per_page=1000&page=${last}`)).toEqual([0, { count: 0, page: last, per_page: 1000, total_count: 5, total_pages: 1 }])
  expect(await list('')).toEqual([5, { count: 5, page: 1, per_page: 1000, total_count: 5, total_pages: 1 }])
  expect(await list('search=no%20such')).toEqual([0, { count: 0, page: 1, per_page: 1000, total_count: 0, total_pages: 0 }])
})
