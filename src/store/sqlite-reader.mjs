// The thread that reads a SQLite file for reader-thread.ts. JavaScript, because threads start from a file and Node 20 runs no other.
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

/** A program has far fewer statements; this only keeps a mistake from growing without end. */
const mostStatements = 200

/** @type {import('better-sqlite3').Database | undefined} */
let database
/** @type {Map<string, import('better-sqlite3').Statement>} */
const statements = new Map()

/** @param {string} sql */
function prepared(sql) {
  const known = statements.get(sql)
  if (known) return known
  if (statements.size >= mostStatements) statements.clear()
  // Opened here and not at the start, so that a failure is an answer too.
  database ??= new Database(workerData.path, { readonly: true, fileMustExist: true })
  const statement = database.prepare(sql)
  statements.set(sql, statement)
  return statement
}

/** @param {{ sql: string, parameters: readonly unknown[] }} question */
function answer({ sql, parameters }) {
  try {
    const statement = prepared(sql)
    if (statement.reader) return { rows: statement.all(parameters) }
    statement.run(parameters)
    return { rows: [] }
  } catch (error) {
    // An error loses its class and its code on the way to another thread.
    return { error: { message: error.message, code: error.code } }
  }
}

parentPort?.on('message', (question) => parentPort?.postMessage(answer(question)))
