// Bundles the program with its packages into dist/: one file to read makes it start in a third of the time.
// With --if-stale it does nothing when the bundle is newer than everything it is made of.
import { copyFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const outfile = 'dist/main.js'
// Files that the program looks for beside itself: what a thread starts from, and Envoy's messages.
const files = [
  { from: 'src/store/sqlite-thread-program.mjs', to: 'dist/sqlite-thread-program.mjs' },
  { from: 'src/gate/ext-authz/authorization.proto', to: 'dist/authorization.proto' },
]

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function isCurrent() {
  const sources = readdirSync('src', { recursive: true }).map((name) => join('src', name))
  const newest = Math.max(...['package.json', 'package-lock.json', 'scripts/build.mjs', ...sources].map(modified))
  return Math.min(modified(outfile), ...files.map(({ to }) => modified(to))) > newest
}

if (!process.argv.includes('--if-stale') || !isCurrent()) {
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
