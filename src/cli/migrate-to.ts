import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { cancelMove, type Moved, moveToPostgres } from '../app/move.ts'
import { loadConfig } from '../config/load.ts'
import { createProgress } from './move-progress.ts'

interface Options {
  readonly config?: string
  readonly json?: true
  readonly cancel?: true
}

/** `postern migrate-to`: moves everything from the SQLite database of the settings to PostgreSQL. */
export function addMigrateTo(program: Command): void {
  program
    .command('migrate-to')
    .description('move everything from SQLite (POSTERN_DATABASE_URL) to PostgreSQL; interrupted, it goes on when it is run again')
    .argument('[url]', 'postgres://user@host/database; with a password better POSTERN_MIGRATE_TO_URL or POSTERN_MIGRATE_TO_URL_FILE')
    .option('--config <path>', 'settings file (env POSTERN_CONFIG)')
    .option('--json', 'report as JSON, one object a line')
    .option('--cancel', 'move nothing: let Postern use the SQLite database again')
    .action((url: string | undefined, options: Options) => run(url, options))
}

async function run(url: string | undefined, { config: file, json, cancel }: Options): Promise<void> {
  const config = loadConfig({ flags: { config: file, migrateToUrl: url }, environment: process.env })
  if (cancel) {
    process.stdout.write(`Postern can use ${await cancelMove(config)} again. What was written to the other database since is not in it.\n`)
    return
  }
  if (url !== undefined && hasPassword(new URL(url))) {
    process.stderr.write(
      'Others on this machine can read the password among the arguments; POSTERN_MIGRATE_TO_URL_FILE keeps it from them.\n',
    )
  }
  const report = createProgress(process.stdout, json ? 'programs' : 'people')
  const moved = await moveToPostgres({ config, random: randomBytes, report })
  process.stdout.write(json ? `${JSON.stringify({ event: 'done', ...moved })}\n` : whatToDoNext(moved))
}

function hasPassword({ password, searchParams }: URL): boolean {
  return password !== '' || searchParams.has('password')
}

function whatToDoNext({ tables, from, to, masterKeyFile }: Moved): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const key =
    masterKeyFile === undefined
      ? 'the master key that POSTERN_MASTER_KEY or POSTERN_MASTER_KEY_FILE holds now'
      : `the master key that is in ${masterKeyFile} now, by POSTERN_MASTER_KEY_FILE`
  return `
Everything is in ${to}: ${rows} rows in ${tables.length} tables, the same on both sides.

What to do next:
  1. Give every node ${key}. Nothing that is encrypted can be read without it.
  2. Give every node the new POSTERN_DATABASE_URL (or POSTERN_DATABASE_URL_FILE), and start.
  3. Keep ${from} until you are sure, then delete it: its digests and keys are still good. Postern
     does not start on it any more; "postern migrate-to --cancel" would let it, without anything that is written from now on.
`
}
