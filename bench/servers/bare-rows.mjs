// The floor of durable writes: better-sqlite3 with nothing around it, a row of a token’s size in each transaction. Arguments: the file, and for how many
// seconds. Says how many rows a second as one line of JSON.
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'

const [file, seconds] = process.argv.slice(2)
const database = new Database(file)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec('create table if not exists token (id text primary key, name text, client_id text, digest blob, created_at integer)')
const insert = database.prepare('insert into token values (?, ?, ?, ?, ?)')
const name = 'created by a bench'
const endsAt = performance.now() + Number(seconds) * 1000
const startedAt = performance.now()
const { user: userBefore, system: systemBefore } = process.cpuUsage()
let rows = 0
while (performance.now() < endsAt) {
  const bytes = randomBytes(64)
  insert.run(bytes.toString('hex', 0, 16), name, `${bytes.toString('hex', 16, 32)}.access`, bytes.subarray(32), startedAt + rows)
  rows++
}
const tookSeconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage()
const stored = database.prepare('select count(*) from token').pluck().get()
database.close()
console.log(
  JSON.stringify({ rows, stored, rowsPerSecond: rows / tookSeconds, cpuMicros: (user + system - userBefore - systemBefore) / rows }),
)
