import { expect, test } from 'vitest'
import { movableClock } from '../../test/fixtures.ts'
import { aKnownToken, anApplication, aPolicy, credentials, tokenIdOf } from '../../test/gate-fixtures.ts'
import { createCheck } from './check.ts'
import { createDecide } from './decide.ts'
import { createReplica } from './replica/replica.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
const asked = { host: 'app.example', target: '/', method: 'GET', address: '192.0.2.1', rawHeaders: credentials, cookie: undefined }

/** A gate whose first assertion is signed only after something has happened. */
function aGate(happens: (gate: { readonly remove: () => void; readonly goStale: () => void }) => void) {
  const replica = createReplica()
  replica.put('policy', aPolicy())
  replica.put('application', anApplication({ domain: 'app.example' }))
  aKnownToken(replica)
  replica.settle()
  let isFresh = true
  const seen: string[] = []
  const remove = () => {
    replica.remove('service_token', tokenIdOf('token'))
    replica.settle()
  }
  const decide = createDecide({ replica, isFresh: () => isFresh, noteUse: () => undefined, sessionIn: () => undefined })
  const check = createCheck({
    ...{ decide, clock, sessions: { sessionIn: () => undefined } },
    observe: (_asked, verdict) => void seen.push(verdict.admitted ? 'admitted' : verdict.reason),
    assertions: {
      known: () => undefined,
      async sign() {
        happens({ remove, goStale: () => (isFresh = false) })
        return 'an assertion'
      },
    },
  })
  return { check, seen }
}

test('a request whose assertion has to be signed first is admitted once it is', async () => {
  const { check, seen } = aGate(() => undefined)
  expect(await check(asked, 'ray')).toMatchObject({ admitted: true, assertion: 'an assertion' })
  expect(seen).toEqual(['admitted'])
})

test('what the gate learns while an assertion is signed counts, and so does that it has lost touch', async () => {
  const revoked = aGate(({ remove }) => remove())
  expect(await revoked.check(asked, 'ray')).toMatchObject({ admitted: false, status: 401 })
  const stale = aGate(({ goStale }) => goStale())
  expect(await stale.check(asked, 'ray')).toMatchObject({ admitted: false, status: 503, reason: 'stale' })
  expect([revoked.seen, stale.seen]).toEqual([['unknown_client_id'], ['stale']])
})
