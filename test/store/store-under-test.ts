import type { Kysely } from 'kysely'
import type { Store } from '../../src/authority/ports.ts'
import type { Database } from '../../src/store/database.ts'
import type { Tables } from '../../src/store/schema.ts'

/** One empty database of an engine. */
export interface TestDatabase {
  /** Connects as one more node would. */
  connect(): Database
  /** Removes it, once all connections are closed. */
  remove(): Promise<void>
}

/** What a test of the store has at hand: a fresh database with the present schema, and nothing in it. */
export interface StoreUnderTest {
  readonly store: Store
  /** A store with connections of its own, on an engine that serves several nodes; else the same store. */
  readonly otherNode: Store
  /** To see what the store does not show. */
  readonly rows: Kysely<Tables>
}
