import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { serverCore } from './processes.ts'

/** Bundles a file of bench/ as the program is bundled, runs it on one core (or on these), and answers with the JSON that it prints: what runs through tsx runs slower. */
export async function runBundled<Result>(
  scratch: string,
  file: string,
  parameters: readonly string[],
  cores = [serverCore],
): Promise<Result> {
  const outfile = join(scratch, `${file}.mjs`)
  const entryPoints = [join(import.meta.dirname, file)]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning' })
  const command = ['-c', cores.join(), process.execPath, '--expose-gc', outfile, ...parameters]
  const running = promisify(execFile)('taskset', command, { maxBuffer: 1 << 24 })
  const end = () => running.child.kill()
  process.once('exit', end)
  const { stdout } = await running
  process.off('exit', end)
  return JSON.parse(stdout) as Result
}
