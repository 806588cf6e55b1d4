import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { environmentName, type Setting } from '../../src/config/setting.ts'
import { settings } from '../../src/config/settings.ts'

export const root = join(import.meta.dirname, '..', '..')

export const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

/** Paths from the root of the repository. */
export function deployFiles(): readonly string[] {
  const below = readdirSync(join(root, 'deploy'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return ['Dockerfile', '.dockerignore', ...below.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))]
}

/** The one document of a file; aliases and `<<` are resolved. */
export function yamlOf<Content>(path: string): Content {
  return parse(textOf(path), { merge: true, strict: true }) as Content
}

export function yamlDocumentsOf<Content>(path: string): readonly Content[] {
  return parseAllDocuments(textOf(path), { strict: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join('\n')}`)
    return document.toJS() as Content
  })
}

/** Every variable that Postern reads. */
export const variables: ReadonlySet<string> = new Set(
  Object.entries<Setting<unknown>>(settings).flatMap(([key, { secret }]) =>
    secret ? [environmentName(key), `${environmentName(key)}_FILE`] : [environmentName(key)],
  ),
)

export const portOf = (listen: string) => Number(listen.slice(listen.lastIndexOf(':') + 1))

/** Where a listener is when nobody says otherwise. */
export const defaultPorts = { api: portOf(settings.apiListen.default), gate: portOf(settings.gateListen.default) }

/** `A=b` lines, as in an environment file. */
export function assignments(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
