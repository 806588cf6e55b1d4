import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { configOf } from './environments.ts'
import { assignments, defaultPorts, root, textOf } from './files.ts'

const dockerfile = textOf('Dockerfile')

test('the Dockerfile has no mistakes', () => {
  expect(validate(dockerfile)).toEqual([])
  expect(validate('FORM node')).not.toEqual([])
})

test('both stages have a Node that Postern runs on', () => {
  const majors = [...dockerfile.matchAll(/^FROM node:(\d+)-bookworm/gm)].map(([, major]) => major)
  expect(majors).toEqual(['20', '20'])
  expect(manifest.engines.node).toMatch(/^>=20\.\d+\.\d+ <21$/)
})

test('the image listens for others at the usual ports, and asks itself there for its health', () => {
  const [, block = ''] = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile) ?? []
  const environment = assignments(block.split(/\s*\\?\s+/).filter((entry) => entry.startsWith('POSTERN_')))
  const { apiListen, gateListen } = configOf(environment)
  expect([apiListen, gateListen]).toEqual([
    { host: '0.0.0.0', port: defaultPorts.api },
    { host: '0.0.0.0', port: defaultPorts.gate },
  ])
  expect(dockerfile).toContain(`EXPOSE ${defaultPorts.api} ${defaultPorts.gate}\n`)
  expect(dockerfile).toContain(`fetch('http://127.0.0.1:${defaultPorts.api}/livez')`)
})

test('the image is run by nobody who could change it', () => {
  const [, last] = /.*^USER (\S+)$/ms.exec(dockerfile) ?? []
  expect(last).toBe('node')
})

test('the build is given what it needs, and no tests, keys, databases or history', () => {
  const [everything, ...named] = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(everything).toBe('*')
  const given = named.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  for (const path of given) expect([path, existsSync(join(root, path))]).toEqual([path, true])
  expect([...given].sort()).toEqual([
    'console',
    'docs/guide',
    'package-lock.json',
    'package.json',
    'scripts/build.mjs',
    'src',
    'tsconfig.json',
  ])
})
