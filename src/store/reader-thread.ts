import { Worker } from 'node:worker_threads'
import { SqliteError } from 'better-sqlite3'

/** A connection to a SQLite file that is read by a thread of its own, so that long reads do not hold up this one. */
export interface ReaderThread {
  /** Answers with the rows. One question at a time: the next may come once this one is answered. */
  ask(sql: string, parameters: readonly unknown[]): Promise<unknown[]>
  /** What is being asked then fails, as does whatever is asked later. */
  end(): Promise<void>
}

type Row = Readonly<Record<string, unknown>>
type Answer = { readonly rows: Row[] } | { readonly rows?: never; readonly error: { readonly message: string; readonly code?: string } }

interface Question {
  resolve(rows: unknown[]): void
  reject(error: Error): void
}

/** The thread starts with the first question, and anew with the first one after it has died; while it has nothing to do, it does not keep the process alive. */
export function createReaderThread(path: string): ReaderThread {
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
    const started = new Worker(new URL('./sqlite-reader.mjs', import.meta.url), { workerData: { path }, env: {}, execArgv: [] })
    const lost = (error: Error) => {
      // An error comes before the end of the thread, and by then there may be a new one.
      if (worker !== started) return
      worker = undefined
      settle(started)?.reject(error)
    }
    started.on('message', (answer: Answer) => {
      const asked = settle(started)
      if (answer.rows) asked?.resolve(answer.rows.map(withBuffers))
      else asked?.reject(sqliteError(answer.error))
    })
    started.on('error', lost)
    started.on('exit', () => lost(new Error('the thread that reads the database has ended')))
    return started
  }

  return {
    ask(sql, parameters) {
      return new Promise((resolve, reject) => {
        if (ended) throw new Error('the database is closed')
        worker ??= start()
        worker.postMessage({ sql, parameters })
        question = { resolve, reject }
        worker.ref()
      })
    },

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

function sqliteError({ message, code }: { readonly message: string; readonly code?: string }): Error {
  return code === undefined ? new Error(message) : new SqliteError(message, code)
}
