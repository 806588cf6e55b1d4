// Bundles the program with its packages into dist/, because one file to read makes it start in a third of the time; and the console into dist/console/.
// With --if-stale it makes only what is older than something that it is made of.
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

const outfile = 'dist/main.js'
// Files that the program looks for beside itself: what a thread starts from, and Envoy's messages.
const files = [
  { from: 'src/store/sqlite-thread-program.mjs', to: 'dist/sqlite-thread-program.mjs' },
  { from: 'src/gate/ext-authz/authorization.proto', to: 'dist/authorization.proto' },
]
const consoleFolder = 'dist/console'
// The console shows the guide's configurations of proxies.
const consoleSources = ['console', 'src/client', 'docs/guide']

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function isCurrent(outputs, sources) {
  const all = sources.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  return Math.min(...outputs.map(modified)) > Math.max(...['package.json', 'package-lock.json', 'scripts/build.mjs', ...all].map(modified))
}

async function buildProgram() {
  const { build } = await import('esbuild')
  await build({
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Some packages have an ES module beside a CommonJS one that cannot be bundled.
    mainFields: ['module', 'main'],
    // It has a native part, which stays in node_modules.
    external: ['better-sqlite3', 'pg-native'],
    // Packages in CommonJS look for `require`, which ES modules do not have.
    banner: { js: "import { createRequire as requireForBundle } from 'node:module'; const require = requireForBundle(import.meta.url);" },
    sourcemap: true,
    logLevel: 'warning',
  })
  for (const { from, to } of files) copyFileSync(from, to)
}

async function buildConsole() {
  // React for visitors, not for its developers, whatever is being run around it.
  process.env.NODE_ENV = 'production'
  const { build } = await import('vite')
  await build({ configFile: 'console/vite.config.ts' })
  // Compressed once, and not for every visitor.
  for (const name of readdirSync(consoleFolder, { recursive: true })) {
    const path = join(consoleFolder, name)
    if (['.js', '.css', '.html', '.svg'].includes(extname(name))) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
  }
}

const always = !process.argv.includes('--if-stale')
if (always || !isCurrent([outfile, ...files.map(({ to }) => to)], ['src'])) await buildProgram()
if (always || !isCurrent([join(consoleFolder, 'index.html.gz')], consoleSources)) await buildConsole()
