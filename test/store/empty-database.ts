import { onTestFinished } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import type { TestDatabase } from './store-under-test.ts'

/** A database without anything in it, removed after the test. Answers with a way to connect to it. */
export async function emptyDatabase(open: () => Promise<TestDatabase>): Promise<() => Database> {
  const database = await open()
  const connections: Database[] = []
  onTestFinished(async () => {
    for (const connection of connections) await connection.close()
    await database.remove()
  })
  return () => {
    const connection = database.connect()
    connections.push(connection)
    return connection
  }
}
