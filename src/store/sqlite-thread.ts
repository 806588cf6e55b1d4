import { Worker } from 'node:worker_threads'
import { SqliteError } from 'better-sqlite3'

/** A connection to a SQLite file that a thread of its own uses, so that what takes long does not hold up this one. One thing at a time: the next may come once this one is answered. */
export interface SqliteThread {
  /** Answers with the rows. */
  ask(statement: Statement): Promise<unknown[]>
  /** Runs all in one transaction, or nothing of it, and answers with how many rows the last one concerned. Only of a thread for records. */
  store(statements: readonly Statement[]): Promise<number>
  /** What is being asked then fails, as does whatever is asked later. */
  end(): Promise<void>
}

export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

type Row = Readonly<Record<string, unknown>>
interface Answer {
  readonly rows: Row[]
  readonly changes: number
  readonly error?: { readonly message: string; readonly code?: string }
}

interface Question {
  resolve(answer: Answer): void
  reject(error: Error): void
}

/** What a thread is for: reading; storing records of the past; or bringing the write-ahead log into the file. */
export type Work = 'read' | 'record' | 'checkpoint'

/** The thread starts with the first question, and anew with the first one after it has died; while it has nothing to do, it does not keep the process alive. */
export function createSqliteThread(path: string, work: Work): SqliteThread {
  let worker: Worker | undefined
  let question: Question | undefined
  let ended = false

  function settle(worker: Worker): Question | undefined {
    const settled = question
    question = undefined
    worker.unref()
    return settled
  }

  function start(): Worker {
    // It gets nothing of the environment, which may hold secrets, nor flags that load TypeScript.
    const started = new Worker(new URL('./sqlite-thread-program.mjs', import.meta.url), {
      workerData: { path, work },
      env: {},
      execArgv: [],
    })
    const lost = (error: Error) => {
      // An error comes before the end of the thread, and by then there may be a new one.
      if (worker !== started) return
      worker = undefined
      settle(started)?.reject(error)
    }
    started.on('message', (answer: Answer) => {
      const asked = settle(started)
      if (answer.error) asked?.reject(sqliteError(answer.error))
      else asked?.resolve(answer)
    })
    started.on('error', lost)
    started.on('exit', () => lost(new Error('the thread that uses the database has ended')))
    return started
  }

  function run(statements: readonly Statement[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (ended) throw new Error('the database is closed')
      worker ??= start()
      worker.postMessage(statements.map(({ sql, parameters }) => ({ sql, parameters })))
      question = { resolve, reject }
      worker.ref()
    })
  }

  return {
    ask: async (statement) => (await run([statement])).rows.map(withBuffers),
    store: async (statements) => (await run(statements)).changes,

    async end() {
      ended = true
      await worker?.terminate()
    },
  }
}

/** Buffers arrive from a thread as plain arrays of bytes. */
function withBuffers(row: Row): Row {
  for (const column in row) {
    const value = row[column]
    if (value instanceof Uint8Array) Object.assign(row, { [column]: Buffer.from(value.buffer, value.byteOffset, value.byteLength) })
  }
  return row
}

function sqliteError({ message, code }: NonNullable<Answer['error']>): Error {
  return code === undefined ? new Error(message) : new SqliteError(message, code)
}
