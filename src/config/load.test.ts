import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from './load.ts'
import { environmentName } from './setting.ts'
import { settings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function problemsOf(environment: Record<string, string>, flags: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig({ flags, environment })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe('loading the configuration', () => {
  test('without any setting the defaults hold', () => {
    expect(loadConfig({ flags: {}, environment: {} })).toMatchObject({
      databaseUrl: { engine: 'sqlite', path: './data/postern.db' },
      apiListen: { host: '127.0.0.1', port: 7400 },
      gateListen: { host: '127.0.0.1', port: 7480 },
      authDomain: 'access.localhost',
      stalenessBudget: 30_000,
      originUrl: undefined,
    })
  })

  test('a flag counts over the environment, that over the file, and that over the default', () => {
    const config = file('order.json', { api_listen: 'file:1', gate_listen: 'file:2', log_level: 'warn', max_service_tokens: 5 })
    const environment = { POSTERN_CONFIG: config, POSTERN_API_LISTEN: 'environment:1', POSTERN_GATE_LISTEN: 'environment:2' }
    const loaded = loadConfig({ flags: { apiListen: 'flag:1' }, environment })
    expect([loaded.apiListen.host, loaded.gateListen.host, loaded.logLevel]).toEqual(['flag', 'environment', 'warn'])
    expect(loaded.maxServiceTokens).toBe(5)
  })

  test('there is at least one worker, and no more than any machine has use for', () => {
    for (const wrong of ['0', '-1', '65', '1000', '1.5', 'x', '']) {
      expect(problemsOf({ POSTERN_WORKERS: wrong })).toEqual(['POSTERN_WORKERS must be a whole number from 1 to 64'])
    }
    for (const right of [1, 2, 64]) expect(loadConfig({ flags: { workers: String(right) }, environment: {} }).workers).toBe(right)
    expect(loadConfig({ flags: {}, environment: {} }).workers).toBe(1)
  })

  test('all problems are reported together, each under the name it was set by', () => {
    const config = file('wrong.json', { no_such: 1, bootstrap_api_key: 'k'.repeat(40), poll_interval: '-1s' })
    const problems = problemsOf({ POSTERN_CONFIG: config, POSTERN_LOG_LEVEL: 'loud', POSTERN_TYPO: 'x' }, { apiListen: 'here' })
    for (const expected of [
      /^no_such in the settings file is not a setting/,
      /^bootstrap_api_key is a secret/,
      /^--api-listen must be an address and a port/,
      /^poll_interval must be a duration/,
      /^POSTERN_LOG_LEVEL must be one of/,
      /^POSTERN_TYPO is not a setting/,
    ]) {
      expect(problems).toContainEqual(expect.stringMatching(expected))
    }
    expect(problems).toHaveLength(6)
  })

  test('a secret may come from a file, without the line break at its end, but not from two places', () => {
    const path = file('token', `${'t'.repeat(40)}\n`)
    expect(loadConfig({ flags: {}, environment: { POSTERN_BOOTSTRAP_API_TOKEN_FILE: path } }).bootstrapApiToken).toBe('t'.repeat(40))
    expect(problemsOf({ POSTERN_BOOTSTRAP_API_TOKEN_FILE: path, POSTERN_BOOTSTRAP_API_TOKEN: 't'.repeat(40) })).toEqual([
      'POSTERN_BOOTSTRAP_API_TOKEN and POSTERN_BOOTSTRAP_API_TOKEN_FILE are both set; keep one',
    ])
    expect(problemsOf({ POSTERN_BOOTSTRAP_API_TOKEN_FILE: join(folder, 'missing') })[0]).toContain('cannot be read')
  })

  test('no problem ever repeats the value of a secret', () => {
    for (const [key, { secret }] of Object.entries<{ secret?: true }>(settings)) {
      if (!secret) continue
      const problems = problemsOf({ [environmentName(key)]: 'hidden value' })
      expect(problems).toHaveLength(1)
      expect(problems[0]).not.toContain('hidden')
    }
  })

  test('variables that Kubernetes sets for a service called postern are no mistake', () => {
    const environment = {
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SERVICE_PORT: '7400',
      POSTERN_PORT: 'tcp://10.0.0.1:7400',
      POSTERN_PORT_7400_TCP: 'x',
    }
    expect(problemsOf(environment)).toEqual([])
  })

  test.each(['{', '[]', '"text"', ''])('a settings file with %j is refused', (content) => {
    expect(problemsOf({ POSTERN_CONFIG: file('broken.json', content) })[0]).toContain('must be a JSON object')
  })
})

describe('values', () => {
  const read = (key: keyof typeof settings, text: string): unknown => settings[key].parse(text)

  test('addresses to listen on', () => {
    expect(read('apiListen', '[::1]:7400')).toEqual({ host: '::1', port: 7400 })
    expect(read('apiListen', '0.0.0.0:0')).toEqual({ host: '0.0.0.0', port: 0 })
    for (const wrong of ['', '7400', 'host:', ':7400', '::1:7400', '[nonsense]:1', 'host:65536'])
      expect(() => read('apiListen', wrong), wrong).toThrow()
  })

  test('trusted proxies', () => {
    expect(read('trustedProxies', 'none')).toEqual([])
    expect(read('trustedProxies', '10.0.0.0/8, fd00::/8,192.0.2.7')).toEqual([
      { address: '10.0.0.0', prefix: 8 },
      { address: 'fd00::', prefix: 8 },
      { address: '192.0.2.7', prefix: 32 },
    ])
    for (const wrong of ['', '10.0.0.0/33', 'fd00::/129', 'example.com', '10.0.0.0/8/8', '10.0.0.0/'])
      expect(() => read('trustedProxies', wrong), wrong).toThrow()
  })

  test('databases and origins', () => {
    expect(read('databaseUrl', 'postgres://u:p@h/d')).toEqual({ engine: 'postgres', url: 'postgres://u:p@h/d' })
    for (const wrong of ['sqlite:', 'mysql://h/d', './file.db']) expect(() => read('databaseUrl', wrong), wrong).toThrow()
    expect(read('originUrl', 'http://127.0.0.1:3000/base')).toBe('http://127.0.0.1:3000/base')
    for (const wrong of ['127.0.0.1:3000', 'ftp://h', 'http://u@h', 'http://h?q', 'http://h#f'])
      expect(() => read('originUrl', wrong), wrong).toThrow()
  })
})
