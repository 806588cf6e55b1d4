import { type Kysely, type Migration, Migrator } from 'kysely'
import { up as foundation } from './migrations/0001-foundation.ts'
import { up as management } from './migrations/0002-management.ts'
import { up as listsAtSize } from './migrations/0003-lists-at-size.ts'
import { up as policies } from './migrations/0004-policies.ts'
import { up as nodes } from './migrations/0005-nodes.ts'
import { up as console } from './migrations/0006-console.ts'
import { up as alerts } from './migrations/0007-alerts.ts'
import { up as alertsOnce } from './migrations/0008-alerts-once.ts'
import type { Tables } from './schema.ts'

/** Every change of the schema, in order. A released one is never edited: databases that have run it will not run it again. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-foundation': { up: foundation },
  '0002-management': { up: management },
  '0003-lists-at-size': { up: listsAtSize },
  '0004-policies': { up: policies },
  '0005-nodes': { up: nodes },
  '0006-console': { up: console },
  '0007-alerts': { up: alerts },
  '0008-alerts-once': { up: alertsOnce },
}

const migratorOf = (db: Kysely<Tables>) => new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } })

/** Whether the database has all of the present schema. */
export async function isMigrated(db: Kysely<Tables>): Promise<boolean> {
  return (await migratorOf(db).getMigrations()).every(({ executedAt }) => executedAt !== undefined)
}

/** Brings the database to the present schema. Nodes that start together wait for each other; fails on a database of a newer Postern. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const { error, results = [] } = await migratorOf(db).migrateToLatest()
  if (error === undefined) return
  const failed = results.find((result) => result.status === 'Error')
  throw new Error(`the database could not be brought to the present schema${failed ? ` (migration ${failed.migrationName})` : ''}`, {
    cause: error,
  })
}
