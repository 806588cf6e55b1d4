import { afterEach, beforeEach, describe } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { describeAccessRequests } from './access-request-suite.ts'
import { describeActivity } from './activity-suite.ts'
import { describeAlerts } from './alert-suite.ts'
import { describeApiTokens } from './api-token-suite.ts'
import { describeAttempts } from './attempt-suite.ts'
import { describeAuditFields } from './audit-field-suite.ts'
import { describeAudit } from './audit-suite.ts'
import { describeCommit } from './commit-suite.ts'
import { describeConcurrency } from './concurrency-suite.ts'
import { describeCredentials } from './credential-suite.ts'
import { describeDatabase } from './database-suite.ts'
import { describeEntities } from './entity-suite.ts'
import { describeLists } from './list-suite.ts'
import { describeMasterKeyProof } from './master-key-suite.ts'
import { describeMigrations } from './migration-suite.ts'
import { describeNarrowedLists } from './narrowed-list-suite.ts'
import { describeNodes } from './node-suite.ts'
import { describePolicies } from './policy-suite.ts'
import { describePrincipals } from './principal-suite.ts'
import { describeReferences } from './reference-suite.ts'
import { describeServiceTokens } from './service-token-suite.ts'
import type { StoreUnderTest, TestDatabase } from './store-under-test.ts'

// Small enough that a dozen things fill several.
const sizes = { fullBlock: 4, credentialsPerPage: 3 }

/** The guarantees of a store, held against one engine. `nodes`: how many processes may work on one database at a time. */
export function describeStore(name: string, nodes: 1 | 2, open: () => Promise<TestDatabase>): void {
  describe(name, () => {
    describeDatabase(nodes, open)
    describeMigrations(open)

    describe('a store', () => {
      let database: TestDatabase
      let connections: readonly Database[]
      let current: StoreUnderTest

      beforeEach(async () => {
        database = await open()
        const node = database.connect()
        const other = nodes === 1 ? node : database.connect()
        connections = [...new Set([node, other])]
        await migrate(node.db)
        current = { rows: node.db, store: createStore(node, sizes), otherNode: createStore(other, sizes) }
      })

      afterEach(async () => {
        for (const connection of connections) await connection.close()
        await database.remove()
      })

      const underTest = () => current
      describeCommit(underTest)
      describeReferences(underTest)
      describeAttempts(underTest)
      describeConcurrency(underTest)
      describeEntities(underTest)
      describeMasterKeyProof(underTest)
      describeNodes(underTest)
      describePrincipals(underTest)
      describePolicies(underTest)
      describeApiTokens(underTest)
      describeLists(underTest)
      describeNarrowedLists(underTest)
      describeServiceTokens(underTest)
      describeCredentials(underTest)
      describeAudit(underTest)
      describeAuditFields(underTest)
      describeAccessRequests(underTest)
      describeActivity(underTest)
      describeAlerts(underTest)
    })
  })
}
