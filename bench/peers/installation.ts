import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname
const lock = join(folder, 'package-lock.json')
/** npm writes it when it has installed all. */
const installed = join(folder, 'node_modules', '.package-lock.json')

/** Installs the peers' packages, at their exact versions, where that has not been done since these changed. */
export function installPeers(say: (line: string) => void): void {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  say('installing the packages of the peers into bench/peers/node_modules (once, about half a minute)')
  const { status, error, stdout, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' })
  if (error !== undefined || status !== 0) throw error ?? new Error(`\`npm ci\` in ${folder} failed:\n${stdout}${stderr}`)
}

/** What stands in the lists, with versions: `express 5.3.0`. */
export function peerVersions(): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
}

/** The version of a program, or `undefined` where it is not installed. */
export function programVersion(command: readonly [string, ...string[]]): string | undefined {
  const [name, ...rest] = command
  const { error, stdout, stderr } = spawnSync(name, rest, { encoding: 'utf8' })
  return error === undefined ? /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] : undefined
}
