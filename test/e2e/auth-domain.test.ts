import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningPostern, startPostern } from '../fixtures.ts'

let postern: RunningPostern
const accounts: string[] = []

beforeAll(async () => {
  postern = await startPostern()
  for (const name of ['one', 'two']) accounts.push((await postern.client.accounts.create({ name }))?.id ?? '')
})

afterAll(() => postern.stop())

async function choose(accountId: string | undefined, domain: string) {
  const response = await fetch(`${postern.apiUrl}/client/v4/accounts/${accountId}/access/organizations`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${postern.bootstrap.apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ auth_domain: domain }),
  })
  const { errors } = (await response.json()) as { errors: readonly { source?: { pointer: string } }[] }
  return { status: response.status, pointer: errors[0]?.source?.pointer }
}

test('an auth domain speaks for one account, but for the one of the installation, which all share', async () => {
  const [one, two] = accounts
  expect(await choose(one, 'one.example')).toEqual({ status: 200 })
  expect(await choose(one, 'one.example')).toEqual({ status: 200 })
  expect(await choose(two, 'one.example')).toEqual({ status: 400, pointer: '/auth_domain' })
  expect(await choose(one, 'access.localhost')).toEqual({ status: 200 })
  expect(await choose(two, 'one.example')).toEqual({ status: 200 })
  expect(await choose(two, 'access.localhost')).toEqual({ status: 200 })
})

test('of two accounts that choose the same at once, one gets it', async () => {
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(accounts.map((id) => choose(id, `round-${round}.example`)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
  }
})
