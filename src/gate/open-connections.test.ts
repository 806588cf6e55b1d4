import { beforeEach, expect, test } from 'vitest'
import { movableClock, silent } from '../../test/fixtures.ts'
import { aKnownToken, anApplication, aPolicy, aToken, bypass, credentials, tokenIdOf, uses } from '../../test/gate-fixtures.ts'
import { createOpenConnections, type OpenConnections } from './open-connections.ts'
import { createReplica, type Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

// What a review ends; test/e2e/open-connections.test.ts has the same through the whole program.

const clock = movableClock('2026-03-01T12:00:00Z')
const application = anApplication({ domain: 'app.example' })
const open = anApplication({ domain: 'open.example', policies: uses(bypass) })
let replica: Replica
let openConnections: OpenConnections
let ended: string[]

beforeEach(() => {
  replica = createReplica()
  for (const policy of [aPolicy(), bypass]) replica.put('policy', policy)
  for (const known of [application, open]) replica.put('application', known)
  replica.settle()
  ended = []
  openConnections = createOpenConnections({ replica, clock, log: silent, sessionIn: () => undefined })
})

function watch(
  name: string,
  { to = application, token = aKnownToken(replica) }: { to?: typeof open; token?: KnownToken | null } = {},
): () => void {
  const asked = {
    host: to.domain,
    target: '/chat',
    method: 'GET',
    address: '192.0.2.1',
    rawHeaders: token ? credentials : [],
    cookie: undefined,
  }
  return openConnections.watch({ asked, application: to, token }, () => ended.push(name))
}

async function endedBy(happens: () => void): Promise<readonly string[]> {
  await openConnections.review()
  expect(ended).toEqual([])
  happens()
  replica.settle()
  await openConnections.review()
  return ended
}

test('what is ended is ended once', async () => {
  watch('one')
  expect(await endedBy(() => replica.remove('service_token', tokenIdOf('token')))).toEqual(['one'])
  await openConnections.review()
  expect(ended).toEqual(['one'])
})

test('what is no longer watched is not ended, however often that is said', async () => {
  const unwatch = watch('one')
  watch('two')
  unwatch()
  unwatch()
  expect(await endedBy(() => replica.remove('service_token', tokenIdOf('token')))).toEqual(['two'])
})

test('what everybody may open goes on without a token, and ends when that is over', async () => {
  watch('anybody', { to: open, token: null })
  await endedBy(() => replica.remove('service_token', tokenIdOf('token')))
  expect(await endedBy(() => replica.put('application', { ...open, policies: [] }))).toEqual(['anybody'])
})

test('what a token opened ends with it even where everybody may come in: the origin was told whose it is', async () => {
  watch('somebody', { to: open })
  watch('anybody', { to: open, token: null })
  expect(await endedBy(() => replica.put('service_token', aToken({ enabled: false })))).toEqual(['somebody'])
})

test('what opened for another application ends when a narrower one takes the path over', async () => {
  watch('one')
  expect(await endedBy(() => replica.put('application', { ...application, id: 'narrower', destinations: ['app.example/chat'] }))).toEqual([
    'one',
  ])
})

test('of thousands, all are ended, and other work is done in between', async () => {
  const names = Array.from({ length: 5000 }, (_, at) => `${at}`)
  for (const name of names) watch(name)
  replica.remove('service_token', tokenIdOf('token'))
  let turns = 0
  const count = () => {
    turns++
    turning = setImmediate(count)
  }
  let turning = setImmediate(count)
  await openConnections.review()
  clearImmediate(turning)
  expect(ended).toEqual(names)
  expect(turns).toBeGreaterThan(5)
})
