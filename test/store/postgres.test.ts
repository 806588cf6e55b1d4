import { afterAll, describe, test } from 'vitest'
import { openPostgres } from '../../src/store/postgres.ts'
import { silent } from '../fixtures.ts'
import { startPostgres } from './postgres-server.ts'
import { describeStore } from './store-suite.ts'

const howToAdd =
  'npm install --include=optional (brings the embedded PostgreSQL), or POSTERN_TEST_DATABASE_URL=postgres://user:password@host/postgres npx vitest run test/store/postgres.test.ts'
const server = await startPostgres().catch((error: unknown) => String(error))

if (typeof server !== 'string') {
  afterAll(() => server.stop())
  const log = {
    ...silent,
    warn(_fields: object, message: string) {
      throw new Error(message)
    },
  }
  describeStore('PostgreSQL', 2, async () => {
    await server.empty()
    return { connect: () => openPostgres(server.url, log), remove: () => Promise.resolve() }
  })
} else if (process.env['CI'] === 'true') {
  test('PostgreSQL is tested', () => {
    throw new Error(`there is no PostgreSQL to test with: ${server}`)
  })
} else {
  console.warn(`\nPostgreSQL IS NOT TESTED: ${server}\nTo add it: ${howToAdd}\n`)
  describe('PostgreSQL', () => {
    test.skip(`IS NOT TESTED (${server}); to add it: ${howToAdd}`)
  })
}
