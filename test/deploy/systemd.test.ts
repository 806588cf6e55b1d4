import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../fixtures.ts'
import { configOf } from './environments.ts'
import { assignments, defaultPorts, textOf } from './files.ts'

const unit = textOf('deploy/systemd/postern.service')
const dropIn = textOf('deploy/systemd/postgresql.conf')

const valuesOf = (text: string, key: string) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)

/** As systemd would set them, with the credentials by their names. */
function environmentOf(...texts: readonly string[]): Readonly<Record<string, string>> {
  const lines = texts.flatMap((text) => valuesOf(text, 'Environment')).map((line) => line.replace('%d/', '/credentials/'))
  const file = textOf('deploy/systemd/postern.env')
    .split('\n')
    .filter((line) => /^\w/.test(line))
  return { ...assignments(file), ...assignments(lines) }
}

test('the unit starts Postern with a configuration that it takes, with SQLite where the unit lets it write', () => {
  const config = configOf(environmentOf(unit))
  expect(config.databaseUrl).toEqual({ engine: 'sqlite', path: './data/postern.db' })
  expect(config.masterKey).toHaveLength(32)
  expect(valuesOf(unit, 'WorkingDirectory')).toEqual([`/var/lib/${valuesOf(unit, 'StateDirectory')[0]}`])
  expect([config.apiListen.port, config.gateListen.port]).toEqual([defaultPorts.api, defaultPorts.gate])
})

test('with the drop-in it is PostgreSQL', () => {
  expect(configOf(environmentOf(unit, dropIn)).databaseUrl.engine).toBe('postgres')
})

test('every credential that is read is loaded', () => {
  for (const text of [unit, dropIn]) {
    const loaded = valuesOf(text, 'LoadCredential').map((line) => line.split(':')[0])
    expect(valuesOf(text, 'Environment').map((line) => basename(line))).toEqual(loaded)
  }
})

test('the unit stops later than Postern does by itself', () => {
  const { shutdownTimeout } = configOf(environmentOf(unit))
  expect(Number.parseInt(valuesOf(unit, 'TimeoutStopSec')[0] ?? '', 10) * 1000).toBeGreaterThan(2 * shutdownTimeout)
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0
const mayBeMissing = process.env['CI'] !== 'true'

describe.skipIf(!hasSystemd && mayBeMissing)('systemd', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let path: string

  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'postern.service')
    mkdirSync(`${path}.d`)
    // Wherever Node is on this machine.
    writeFileSync(path, unit.replace('/usr/bin/node', process.execPath))
    writeFileSync(join(`${path}.d`, 'postgresql.conf'), dropIn)
  })
  afterEach(() => folder.remove())

  const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' })

  test('finds nothing wrong with the unit and its drop-in', () => {
    const { status, stderr } = analyze('verify')
    expect([status, stderr]).toEqual([0, ''])
    writeFileSync(path, unit.replace('ProtectSystem', 'ProtectSistem'))
    expect(analyze('verify').stderr).toContain('ProtectSistem')
  })

  test('finds the unit well closed off: 2 of 10 at most, where 10 is open', () => {
    expect(analyze('security', '--offline=true', '--threshold=20').status).toBe(0)
    writeFileSync(path, unit.replace(/^(Protect|Restrict|SystemCall|Capability).*$/gm, ''))
    expect(analyze('security', '--offline=true', '--threshold=20').status).toBe(1)
  })
})
