import { readFileSync } from 'node:fs'
import { environmentName, flagName, type Setting, snakeCase } from './setting.ts'
import { type Config, settings } from './settings.ts'

/** All that is wrong with the configuration, one line a problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

export interface Sources {
  /** By setting key, as commander gives them, and `config`, the settings file. */
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Flags over environment over settings file over defaults. Throws one `ConfigError` with everything that is wrong. */
export function loadConfig({ flags, environment }: Sources): Config {
  const problems: string[] = []
  const file = readSettingsFile(flags['config'] ?? environment['POSTERN_CONFIG'], problems)
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, definition]) => {
    const found = lookUp(key, definition, { flags, environment, file }, problems)
    const text = found?.text ?? definition.default
    try {
      return [key, text === undefined ? undefined : definition.parse(text)]
    } catch (error) {
      problems.push(`${found?.from ?? key} must be ${(error as Error).message}`)
      return [key, undefined]
    }
  })
  problems.push(...unknownVariables(environment))
  const config = Object.fromEntries(entries) as Config
  problems.push(...conflictsIn(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** Of settings that are each valid by themselves. One that is not is left out. */
function conflictsIn({ role, databaseUrl }: Partial<Config>): readonly string[] {
  if (role === undefined || role === 'both' || databaseUrl?.engine !== 'sqlite') return []
  return [
    `role must be both where the database is a SQLite file: set POSTERN_DATABASE_URL to a PostgreSQL database for a node that is ${role} only`,
  ]
}

interface Found {
  readonly text: string
  readonly from: string
}

function lookUp(
  key: string,
  { secret }: Setting<unknown>,
  { flags, environment, file }: Sources & { readonly file: ReadonlyMap<string, string> },
  problems: string[],
): Found | undefined {
  const variable = environmentName(key)
  const inFile = file.get(snakeCase(key))
  if (secret && inFile !== undefined)
    problems.push(`${snakeCase(key)} is a secret: set ${variable} or ${variable}_FILE instead of the settings file`)
  const flag = flags[key]
  if (flag !== undefined) return { text: flag, from: flagName(key) }
  const value = environment[variable]
  const path = secret && environment[`${variable}_FILE`]
  if (value !== undefined && path) problems.push(`${variable} and ${variable}_FILE are both set; keep one`)
  if (value !== undefined) return { text: value, from: variable }
  if (path) {
    const text = readText(path, `${variable}_FILE`, problems)
    return text === undefined ? undefined : { text: text.trim(), from: `the content of ${variable}_FILE` }
  }
  return inFile === undefined ? undefined : { text: inFile, from: snakeCase(key) }
}

const seeAlso = 'docs/reference/configuration.md lists them all'

/** A JSON object whose keys are the settings in snake case. */
function readSettingsFile(path: string | undefined, problems: string[]): ReadonlyMap<string, string> {
  const text = path === undefined ? undefined : readText(path, 'the settings file', problems)
  if (text === undefined) return new Map()
  const known = Object.keys(settings).map(snakeCase)
  try {
    const content: unknown = JSON.parse(text)
    if (typeof content !== 'object' || content === null || Array.isArray(content)) throw new Error('not an object')
    for (const name of Object.keys(content))
      if (!known.includes(name)) problems.push(`${name} in the settings file is not a setting; ${seeAlso}`)
    return new Map(Object.entries(content).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]))
  } catch {
    problems.push(`the settings file ${path} must be a JSON object`)
    return new Map()
  }
}

function readText(path: string, what: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    problems.push(`${what} cannot be read: ${(error as Error).message}`)
    return undefined
  }
}

/** Kubernetes sets these for a service that is called postern; they are not meant for it. */
const fromKubernetes = /^POSTERN_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/

function unknownVariables(environment: Sources['environment']): readonly string[] {
  const known = Object.entries<Setting<unknown>>(settings).flatMap(([key, { secret }]) =>
    secret ? [environmentName(key), `${environmentName(key)}_FILE`] : [environmentName(key)],
  )
  const given = Object.keys(environment).filter(
    (name) => name.startsWith('POSTERN_') && name !== 'POSTERN_CONFIG' && !fromKubernetes.test(name),
  )
  return given.filter((name) => !known.includes(name)).map((name) => `${name} is not a setting; ${seeAlso}`)
}
