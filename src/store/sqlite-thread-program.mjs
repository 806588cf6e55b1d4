// The thread that uses a SQLite file for sqlite-thread.ts. JavaScript, because threads start from a file and Node 20 runs no other.
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

/** A program has far fewer statements; this only keeps a mistake from growing without end. */
const mostStatements = 200
/** For another process that writes: nobody but this thread waits meanwhile. */
const mostMsForLock = 5000

/** @type {import('better-sqlite3').Database | undefined} */
let database
/** @type {Map<string, import('better-sqlite3').Statement>} */
const statements = new Map()

function open() {
  if (workerData.work === 'read') return new Database(workerData.path, { readonly: true, fileMustExist: true })
  const opened = new Database(workerData.path, { fileMustExist: true, timeout: mostMsForLock })
  opened.pragma('foreign_keys = ON')
  // Records of the past: if the machine crashes the last of them may be missing, and nobody has to wait for the disk.
  opened.pragma('synchronous = NORMAL')
  // There is a thread for that.
  opened.pragma('wal_autocheckpoint = 0')
  return opened
}

/** @param {string} sql */
function prepared(sql) {
  const known = statements.get(sql)
  if (known) return known
  if (statements.size >= mostStatements) statements.clear()
  // Opened here and not at the start, so that a failure is an answer too.
  database ??= open()
  const statement = database.prepare(sql)
  statements.set(sql, statement)
  return statement
}

/** @param {{ sql: string, parameters: readonly unknown[] }} statement */
function run({ sql, parameters }) {
  const statement = prepared(sql)
  if (statement.reader) return { rows: statement.all(parameters), changes: 0 }
  return { rows: [], changes: statement.run(parameters).changes }
}

/** @param {readonly { sql: string, parameters: readonly unknown[] }[]} all */
function runTogether(all) {
  prepared('begin immediate').run()
  try {
    const answers = all.map(run)
    prepared('commit').run()
    return answers.at(-1)
  } catch (error) {
    // A full disk has ended the transaction already.
    if (database?.inTransaction) prepared('rollback').run()
    throw error
  }
}

/** @param {readonly { sql: string, parameters: readonly unknown[] }[]} all */
function answer(all) {
  try {
    return workerData.work === 'record' ? runTogether(all) : run(all[0])
  } catch (error) {
    // An error loses its class and its code on the way to another thread.
    return { rows: [], changes: 0, error: { message: error.message, code: error.code } }
  }
}

parentPort?.on('message', (all) => parentPort?.postMessage(answer(all)))
