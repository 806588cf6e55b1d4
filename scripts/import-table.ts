import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

// dependency-cruiser reports success over nothing at all, for instance when it cannot load TypeScript. So count what it saw against the disk.
const FEWEST_FILES = 10

const folders = ['src', 'console', 'test', 'scripts', 'bench'].filter((folder) => existsSync(folder))
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs')
const { output } = await cruise(folders, options, undefined, { tsConfig: extractTSConfig('tsconfig.json') })
const { modules, summary } = output as ICruiseResult

const seen = new Set(modules.map((module) => module.source))
const onDisk = existsSync('src') ? readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')) : []
const unseen = onDisk.map((file) => join('src', file)).filter((file) => !seen.has(file))
const cruised = onDisk.length - unseen.length

for (const file of unseen) console.error(`error unseen: ${file} was not cruised`)
if (cruised < FEWEST_FILES) console.error(`error too-few-modules: ${cruised} files of src cruised, fewer than ${FEWEST_FILES}`)
for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle ? cycle.map(({ name }) => name).join(' → ') : to
  const comment = summary.ruleSetUsed?.forbidden?.find(({ name }) => name === rule.name)?.comment
  console.error(`error ${rule.name}: ${from}${path === from ? '' : ` → ${path}`} (${comment})`)
}
console.log(`${cruised} files of src, ${summary.totalDependenciesCruised ?? 0} imports, ${summary.violations.length} violations`)

if (unseen.length > 0 || cruised < FEWEST_FILES || summary.violations.length > 0) process.exit(1)
