import type { Kysely } from 'kysely'
import { onTestFinished } from 'vitest'
import type { Tables } from '../../src/store/schema.ts'
import type { TestDatabase } from './store-under-test.ts'

/** A database without anything in it, removed after the test. Answers with a way to connect to it. */
export async function emptyDatabase(open: () => Promise<TestDatabase>): Promise<() => Kysely<Tables>> {
  const database = await open()
  const connections: Kysely<Tables>[] = []
  onTestFinished(async () => {
    for (const connection of connections) await connection.destroy()
    await database.remove()
  })
  return () => {
    const connection = database.connect()
    connections.push(connection)
    return connection
  }
}
