import type { SqliteThread } from './sqlite-thread.ts'
import type { Statements } from './statements.ts'

/** Pages in the write-ahead log, 16 MiB of them, before they are brought into the file. */
const mostPages = 4_096
/** So long it gets only while nobody here looks after it, as in an upgrade: then whoever commits brings them in, as is SQLite's way. */
export const farTooManyPages = 4 * mostPages

/** What the pragma answers. */
interface Progress {
  /** Pages in the log, and how many of them are in the file. */
  readonly log: number
  readonly checkpointed: number
}

export interface CheckpointsDeps {
  readonly statements: Statements
  readonly thread: Pick<SqliteThread, 'ask'>
  /** Runs something while nobody else uses the connection that writes. */
  readonly exclusively: (what: () => Promise<void>) => Promise<void>
}

/**
 * Keeps the write-ahead log short (checkpoints). SQLite would do it in the commit that finds the log long, which then waits twice more for the disk, and all
 * else in the process with it.
 */
export function createCheckpoints({ statements, thread, exclusively }: CheckpointsDeps): { tidy(): void } {
  let due = mostPages
  let isUnderWay = false

  async function checkpoint(): Promise<void> {
    const [progress] = (await thread.ask({ sql: 'pragma wal_checkpoint(passive)', parameters: [] })) as readonly Progress[]
    // What somebody still reads from the log stays there until the next time.
    due = mostPages + (progress === undefined ? 0 : progress.log - progress.checkpointed)
  }

  async function run(): Promise<void> {
    await checkpoint()
    // What has been added meanwhile, while nobody adds to it: so the next to write begins the log anew.
    await exclusively(checkpoint)
  }

  return {
    tidy() {
      if (isUnderWay || (statements.prepare('pragma wal_checkpoint(noop)').get() as Progress).log < due) return
      isUnderWay = true
      // Nothing is lost where it fails, and it is tried again after the next commit.
      const end = () => {
        isUnderWay = false
      }
      run().then(end, end)
    },
  }
}
