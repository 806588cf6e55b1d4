import type { SqliteThread } from './sqlite-thread.ts'
import type { Statements } from './statements.ts'

/** So many new pages in the write-ahead log, 16 MiB, are brought into the file together. */
const pagesAtOnce = 4_096
/** So many in all only gather while one commit follows the other: with any pause, the log begins anew by itself. */
const tooManyPages = 4 * pagesAtOnce
/** So long it gets only while nobody here looks after it, as in an upgrade: then whoever commits brings them in, as is SQLite's way. */
export const farTooManyPages = 4 * tooManyPages

/** Of what the pragma answers: how many pages are in the log. */
interface Progress {
  readonly log: number
}

export interface CheckpointsDeps {
  readonly statements: Statements
  readonly thread: Pick<SqliteThread, 'ask'>
  /** Runs something while nobody else uses the connection that writes. */
  readonly exclusively: <Result>(what: () => Promise<Result>) => Promise<Result>
}

/**
 * Keeps the write-ahead log short (checkpoints). SQLite would do it in the commit that finds the log long, which then waits twice more for the disk, and all
 * else in the process with it.
 */
export function createCheckpoints({ statements, thread, exclusively }: CheckpointsDeps): { tidy(): void } {
  let due = pagesAtOnce
  let before = 0
  let isUnderWay = false

  async function checkpoint(): Promise<Progress> {
    const [progress] = await thread.ask({ sql: 'pragma wal_checkpoint(passive)', parameters: [] })
    return progress as Progress
  }

  async function run(): Promise<void> {
    let { log } = await checkpoint()
    // The rest, which is little by now, while nobody adds to it: so the next to write begins the log anew, unless somebody still reads from it.
    if (log > tooManyPages) ({ log } = await exclusively(checkpoint))
    due = log + pagesAtOnce
  }

  return {
    tidy() {
      const { log } = statements.prepare('pragma wal_checkpoint(noop)').get() as Progress
      // It has begun anew.
      if (log < before) due = pagesAtOnce
      before = log
      if (isUnderWay || log < due) return
      isUnderWay = true
      // Nothing is lost where it fails, and it is tried again after the next commit.
      const end = () => {
        isUnderWay = false
      }
      run().then(end, end)
    },
  }
}
