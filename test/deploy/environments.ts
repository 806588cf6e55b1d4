import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/settings.ts'
import { temporaryFolder } from '../fixtures.ts'

/** What the files hold that docs/guide/deployment.md makes. */
const made: Readonly<Record<string, string>> = {
  'database-url': 'postgres://postern:c0ffee@database/postern',
  'master-key': 'a1'.repeat(32),
  'master.key': 'a1'.repeat(32),
  'owner-key': `psk_${'b2'.repeat(24)}`,
  'first-api-token': `psu_${'c3'.repeat(24)}`,
}

/** The configuration that Postern would have with these variables. Throws what it would refuse to start with. */
export function configOf(environment: Readonly<Record<string, string>>, contents = made): Config {
  const folder = temporaryFolder()
  onTestFinished(() => folder.remove())
  const local = Object.entries(environment).map(([name, value]) => {
    if (!name.endsWith('_FILE')) return [name, value]
    const content = contents[basename(value)]
    if (content === undefined) throw new Error(`nothing makes ${value}`)
    const path = join(folder.path, basename(value))
    writeFileSync(path, `${content}\n`)
    return [name, path]
  })
  return loadConfig({ flags: {}, environment: Object.fromEntries(local) })
}
