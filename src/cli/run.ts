import cluster from 'node:cluster'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { addMigrateTo } from './migrate-to.ts'
import { addServe } from './serve.ts'

/** Runs one command line. What the user can mend is told in a line or two; anything else is a bug and shows where it happened. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('postern').description('A self-hosted service-token authority and its gate').version(manifest.version)
  addServe(program)
  addMigrateTo(program)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exitCode = 1
    // The channel to the first process would keep it, and nobody would take its place.
    if (cluster.isWorker) process.exit()
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'ConfigError' || error.name === 'MoveError') return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `${message}: another process listens there; choose another address with --api-listen or --gate-listen`
  if (code === 'SQLITE_BUSY') return `${message}: another process works on the database file`
  return error.stack ?? message
}
