import { execFileSync } from 'node:child_process'
import { startPostgres } from './store/postgres-server.ts'

/** Some tests start the built program; this builds it before any of them. And all that want PostgreSQL share one server where everything is to run on it. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
  if (process.env['POSTERN_TEST_ENGINE'] !== 'postgres' || process.env['POSTERN_TEST_DATABASE_URL'] !== undefined) return undefined
  const { url, stop } = await startPostgres()
  process.env['POSTERN_TEST_DATABASE_URL'] = url
  return stop
}
