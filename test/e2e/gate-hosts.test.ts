import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AuditEntry } from '../../src/authority/ports.ts'
import { createStore } from '../../src/store/store.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { machineHeaders, type RunningPostern, startPostern } from '../fixtures.ts'
import { anApplication } from '../gate-fixtures.ts'
import { send } from '../raw-http.ts'

// Two applications: the default one admits any valid token, `team.example` admits nobody. Which one was asked for shows in the status.

const audit: Omit<AuditEntry, 'id' | 'accountId'> = {
  ...{
    at: 0,
    zoneId: null,
    action: 'application.create',
    succeeded: true,
    resourceKind: 'application',
    resourceId: 'team',
    before: null,
    after: null,
  },
  actor: { kind: 'system', id: '', email: null, tokenId: null, tokenName: null, request: null },
}

/** Stores the application as another node would: through the database that both share. */
async function addTeamApplication({ open }: AnyDatabase, accountId: string): Promise<void> {
  const database = open()
  const application = anApplication({ id: 'team', accountId, domain: 'team.example', policies: [] })
  await createStore(database).commit([{ kind: 'application', before: null, after: application }], { ...audit, id: 'audit', accountId })
  await database.close()
}

describe.each([
  ['loopback', 403],
  ['127.0.0.1,10.0.0.0/8', 403],
  ['none', 200],
  ['10.0.0.0/8', 200],
])('with trusted proxies %s', (trustedProxies, whenForwarded) => {
  let database: AnyDatabase
  let postern: RunningPostern
  let credentials: readonly string[]

  const ask = (headers: readonly string[], path = '/authorize') => send(postern.gateUrl, { path, headers: [...credentials, ...headers] })
  const statusOf = async (...headers: readonly string[]) => (await ask(headers)).status

  beforeAll(async () => {
    database = await anyDatabase()
    const settings = { ...database.settings, TRUSTED_PROXIES: trustedProxies, POLL_INTERVAL: '5ms' }
    postern = await startPostern({ settings })
    const { accountId: account_id } = postern.bootstrap
    const token = await postern.client.zeroTrust.access.serviceTokens.create({ account_id, name: 'valid' })
    credentials = Object.entries(machineHeaders(token)).flat()
    await addTeamApplication(database, account_id)
    await vi.waitFor(async () => expect(await statusOf('Host', 'team.example')).toBe(403), 10_000)
  })
  afterAll(async () => {
    await postern.stop()
    await database.remove()
  })

  test('the application is found by Host, in any spelling of the name', async () => {
    for (const host of ['team.example', 'TEAM.example', 'team.example:8443', 'team.example.', 'Team.Example.:80']) {
      expect([host, await statusOf('Host', host)]).toEqual([host, 403])
    }
    for (const host of ['other.example', 'a.team.example', 'team.example.org']) {
      expect([host, await statusOf('Host', host)]).toEqual([host, 200])
    }
    const { values } = await ask(['Host', 'team.example'])
    expect(values('cf-access-domain')).toEqual(['team.example'])
  })

  test(`X-Forwarded-Host ${whenForwarded === 403 ? 'counts' : 'does not count'} at /authorize`, async () => {
    for (const forwarded of ['team.example', 'TEAM.example:443', 'team.example.']) {
      expect([forwarded, await statusOf('Host', 'gate.example', 'X-Forwarded-Host', forwarded)]).toEqual([forwarded, whenForwarded])
    }
    expect(await statusOf('Host', 'team.example', 'X-Forwarded-Host', 'other.example')).toBe(whenForwarded === 403 ? 200 : 403)
  })

  test('X-Forwarded-Host with two values lets nobody choose: 400 where it counts, and else it is ignored', async () => {
    const expected = whenForwarded === 403 ? 400 : 200
    expect(await statusOf('X-Forwarded-Host', 'other.example, team.example')).toBe(expected)
    expect(await statusOf('X-Forwarded-Host', 'other.example', 'x-forwarded-host', 'team.example')).toBe(expected)
    expect(await statusOf('X-Forwarded-Host', 'team.example', 'x-forwarded-host', 'team.example')).toBe(expected)
  })

  test('the reverse proxy never goes by X-Forwarded-Host', async () => {
    expect((await ask(['Host', 'team.example', 'X-Forwarded-Host', 'other.example'], '/')).status).toBe(403)
    // Admitted, but the default application has no origin here.
    expect((await ask(['Host', 'other.example', 'X-Forwarded-Host', 'team.example'], '/')).status).toBe(404)
  })
})
