import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../store/postgres-server.ts'
import { readExchanges, runsOf } from './format.ts'
import { createReplayer, type Replayer } from './replay.ts'
import { type ContractServer, startContractServer } from './server.ts'

const exchanges = readExchanges()

describe('SQLite', () => replayAll(() => startContractServer()))

const postgres = await startPostgres().catch((error: unknown) => String(error))
if (typeof postgres !== 'string') {
  describe('PostgreSQL', () => {
    afterAll(() => postgres.stop())
    replayAll(() => startContractServer(postgres.url))
  })
} else if (process.env['CI'] === 'true') {
  test('PostgreSQL is tested', () => {
    throw new Error(`there is no PostgreSQL to test with: ${postgres}`)
  })
} else {
  test.skip(`PostgreSQL IS NOT TESTED (${postgres}); to add it: npm install --include=optional`)
}

/** Every exchange in every scope in which it holds, each in an account of its own. */
function replayAll(start: () => Promise<ContractServer>): void {
  let server: ContractServer
  let replayer: Replayer
  beforeAll(async () => {
    server = await start()
    replayer = await createReplayer(server)
  })
  afterAll(() => server.stop())

  for (const exchange of exchanges) {
    const { file, about } = exchange
    for (const scope of runsOf(exchange)) {
      const where = exchange.scopes === undefined ? '' : ` (${scope})`
      test(`${file}${where}: ${about}`, async () => {
        expect(await replayer.replay(exchange, scope)).toEqual([])
      })
    }
  }
}
