import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { machineHeaders, movableClock } from '../fixtures.ts'
import { type Answer, type Call, type RawApi, startRawApi } from '../raw-api.ts'

let api: RawApi
const clock = movableClock('2026-03-01T12:00:00Z')

beforeAll(async () => {
  api = await startRawApi({ clock })
})
afterAll(() => api.stop())

describe.each(['accounts', 'zones'] as const)('a service token below /%s', (scope) => {
  let collection: string
  let item: string
  let etag: string

  beforeEach(async () => {
    const { accountId, zoneId } = api.postern.bootstrap
    collection = `/${scope}/${scope === 'accounts' ? accountId : zoneId}/access/service_tokens`
    const created = await api.call({ method: 'POST', path: collection, body: { name: 'first' } })
    item = `${collection}/${created.envelope.result?.['id']}`
    etag = created.headers.etag as string
  })

  const call = (method: string, path: string, more: Partial<Call> = {}) => api.call({ method, path, ...more })
  const ifMatch = (tags: string) => ({ headers: { 'if-match': tags } })
  const shownTag = async () => (await call('GET', item)).headers.etag

  const commands: readonly (readonly [what: string, run: (tags: string) => Promise<Answer>])[] = [
    ['update', (tags) => call('PUT', item, { ...ifMatch(tags), body: { name: 'second' } })],
    ['an update that rotates', (tags) => call('PUT', item, { ...ifMatch(tags), body: { client_secret_version: 9 } })],
    ['rotate', (tags) => call('POST', `${item}/rotate`, ifMatch(tags))],
    ['refresh', (tags) => call('POST', `${item}/refresh`, ifMatch(tags))],
    ['delete', (tags) => call('DELETE', item, ifMatch(tags))],
  ]

  test('the ETag of every answer about it is the one that the next GET shows, and each change makes another', async () => {
    expect(etag).toMatch(/^"[!-~]+"$/)
    const seen = [etag]
    expect(await shownTag()).toBe(etag)
    for (const [what, run] of commands.slice(0, -1)) {
      clock.advance(1000)
      const answer = await run('*')
      expect([what, answer.status, answer.headers.etag]).toEqual([what, 200, await shownTag()])
      seen.push(answer.headers.etag as string)
    }
    expect(new Set(seen).size).toBe(seen.length)
    // An update that changes nothing makes no other version.
    const same = await call('PUT', item, { body: {} })
    expect(same.headers.etag).toBe(seen.at(-1))
    expect((await call('HEAD', item)).headers.etag).toBe(seen.at(-1))
    expect((await call('GET', collection)).headers.etag).toBeUndefined()
  })

  test('its use at the gate is no change of it', async () => {
    const rotated = await call('POST', `${item}/rotate`)
    const headers = machineHeaders(rotated.envelope.result as { client_id: string; client_secret: string })
    expect((await fetch(`${api.postern.gateUrl}/authorize`, { headers })).status).toBe(scope === 'accounts' ? 200 : 403)
    expect(await shownTag()).toBe(rotated.headers.etag)
    expect((await call('PUT', item, { ...ifMatch(rotated.headers.etag as string), body: { name: 'used' } })).status).toBe(200)
  })

  test.each(commands)('%s is refused with 412 when it has changed since, and changes nothing', async (_what, run) => {
    await call('PUT', item, { body: { name: 'changed by another' } })
    const now = (await shownTag()) as string
    const before = await api.written()
    // Of another version, of none, weak ones, and those that only look alike.
    const others = [
      etag,
      `${etag}, ${etag}`,
      '"0"',
      '"-1"',
      '"01"',
      '"2.0"',
      '""',
      '"*"',
      '"999999999999999999999999"',
      '"etag"',
      `W/${now}`,
    ]
    for (const tags of [...others, `W/${now}, ${etag}`, `"a,b", ${etag}`]) {
      const answer = await run(tags)
      expect([tags, answer.status, answer.envelope.errors]).toEqual([tags, 412, [expect.objectContaining({ code: 12130 })]])
      expect(answer.envelope.errors[0]?.message).toContain('If-Match')
    }
    expect([await shownTag(), await api.written()]).toEqual([now, before])
  })

  test.each(commands)('%s is done for its version, for any, and for one of several', async (_what, run) => {
    const tags = [(tag: string) => tag, () => '*', (tag: string) => `"7",${tag} , W/"8"`, (tag: string) => ` , ${tag},`]
    for (const form of tags) {
      const tag = await shownTag()
      if (tag === undefined) return
      const answer = await run(form(tag))
      expect([answer.status, answer.envelope.success]).toEqual([200, true])
    }
  })

  test.each(commands)('%s with what is no list of entity tags is a 400', async (_what, run) => {
    const before = await api.written()
    for (const tags of ['1', 'etag', '"1', '1"', '"1" "2"', "'1'", 'w/"1"', '*, "1"', '"1";', '"a b"', ',', '']) {
      const answer = await run(tags)
      expect([tags, answer.status, answer.envelope.errors[0]?.message]).toEqual([tags, 400, expect.stringContaining('If-Match')])
    }
    expect(await api.written()).toEqual(before)
  })

  test('of 20 that change one version at once exactly one wins, whatever they do', async () => {
    for (const [what, run] of commands) {
      const tag = (await shownTag()) as string
      const answers = await Promise.all(Array.from({ length: 20 }, () => run(tag)))
      const statuses = answers.map(({ status }) => status)
      expect([what, statuses.filter((status) => status === 200).length]).toEqual([what, 1])
      // Once it is deleted, it is not there for the others.
      expect(statuses.filter((status) => status !== 200)).toEqual(Array(19).fill(what === 'delete' ? 404 : 412))
    }
  })

  test('for what is not there it is a 404, whatever the tags', async () => {
    await call('DELETE', item)
    for (const [, run] of commands) for (const tags of ['*', etag, '"7"']) expect((await run(tags)).status).toBe(404)
  })
})
