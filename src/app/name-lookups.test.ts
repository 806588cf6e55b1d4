import type { LookupAddress } from 'node:dns'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createNameLookups } from './name-lookups.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const found: readonly LookupAddress[] = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
]

/** Look-ups by a system that answers when the test says so. */
function lookupsOf() {
  const asked: { readonly name: string; readonly answer: (addresses: readonly LookupAddress[]) => void; readonly fail: () => void }[] = []
  const { ofOrigins, ofWebhooks } = createNameLookups(
    (name) =>
      new Promise((answer, reject) =>
        asked.push({ name, answer, fail: () => reject(Object.assign(new Error(name), { code: 'ENOTFOUND' })) }),
      ),
  )
  const outcome = (lookUp: typeof ofOrigins) => (name: string) =>
    new Promise((resolve) => lookUp(name, { all: true }, (error, addresses) => resolve(error?.code ?? addresses)))
  return { asked, names: () => asked.map(({ name }) => name), origin: outcome(ofOrigins), webhook: outcome(ofWebhooks), ofOrigins }
}

/** Lets promises and what comes after them have their turn. */
const turn = promisify(setImmediate)

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await turn()
}

test('a name is asked for once at a time, and anew as soon as there was an answer', async () => {
  const { asked, names, origin, webhook } = lookupsOf()
  const answers = [origin('a.example'), origin('a.example'), webhook('a.example')]
  await turn()
  expect(names()).toEqual(['a.example'])
  asked[0]?.answer(found)
  expect(await Promise.all(answers)).toEqual([found, found, found])
  const again = origin('a.example')
  expect(names()).toEqual(['a.example', 'a.example'])
  asked[1]?.answer([])
  expect(await again).toEqual([])
})

test('one address is given to who wants one', async () => {
  const { asked, ofOrigins } = lookupsOf()
  const answer = new Promise((resolve) => ofOrigins('a.example', {}, (...result) => resolve(result)))
  asked[0]?.answer(found)
  expect(await answer).toEqual([null, '192.0.2.1', 4])
})

test('a name that has failed is left alone for five seconds', async () => {
  const { asked, names, origin, webhook } = lookupsOf()
  const answer = origin('a.example')
  asked[0]?.fail()
  expect(await answer).toBe('ENOTFOUND')
  await pass(4_999)
  expect([await origin('a.example'), await webhook('a.example')]).toEqual(['ENOTFOUND', 'ENOTFOUND'])
  expect(names()).toHaveLength(1)
  await pass(1)
  void origin('a.example')
  expect(names()).toHaveLength(2)
})

test('a name that is not answered for fails after eight seconds, and is not asked for again before the system is done with it', async () => {
  const { asked, names, origin } = lookupsOf()
  const answer = origin('dead.example')
  await pass(8_000)
  expect(await answer).toBe('ETIMEDOUT')
  await pass(60_000)
  expect(await origin('dead.example')).toBe('ETIMEDOUT')
  expect(names()).toEqual(['dead.example'])
  asked[0]?.fail()
  await pass(5_000)
  void origin('dead.example')
  expect(names()).toHaveLength(2)
})

test('webhooks have one look-up under way, while origins have theirs; who has waited too long is passed over', async () => {
  const { asked, names, origin, webhook } = lookupsOf()
  const dead = webhook('dead.example')
  const impatient = webhook('impatient.example')
  await pass(7_000)
  const patient = webhook('patient.example')
  void origin('origin.example')
  await pass(1_000)
  expect([await dead, await impatient]).toEqual(['ETIMEDOUT', 'ETIMEDOUT'])
  expect(names()).toEqual(['dead.example', 'origin.example'])
  asked[0]?.fail()
  await turn()
  await turn()
  expect(names()).toEqual(['dead.example', 'origin.example', 'patient.example'])
  asked[2]?.answer(found)
  expect(await patient).toEqual(found)
})
