import { execFileSync } from 'node:child_process'

/** Some tests start the built program; this builds it before any of them. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
}
