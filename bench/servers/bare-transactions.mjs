// The floor of a create: better-sqlite3 storing the rows that Postern stores for one, in one transaction each, with nothing around it. Arguments: a copy of
// an installation's database, and for how many seconds. Says how many a second as one line of JSON.
import { randomBytes, randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'

const [file, seconds] = process.argv.slice(2)
const database = new Database(file)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.pragma('foreign_keys = ON')
// As long as Postern's log, so no part of a second is spent on bringing it into the file.
database.pragma('wal_autocheckpoint = 4096')

const example = (from) => database.prepare(`select * from ${from} limit 1`).get()
const token = example('service_token')
const entry = example("audit where action = 'service_token.create'")
const use = example('service_token_use')

/** Stores a row like this one, with some values of its own. */
function like(table, row) {
  const names = Object.keys(row)
  const insert = database.prepare(`insert into ${table} (${names.map((name) => `"${name}"`)}) values (${names.map((name) => `@${name}`)})`)
  return (values) => insert.run({ ...row, ...values })
}

const addToken = like('service_token', token)
const addEntry = like('audit', entry)
const addUse = like('service_token_use', use)
const addChange = database.prepare("insert into change (seq, kind, id) values (?, 'service_token', ?)")
const advance = database.prepare('update change_head set seq = seq + 1 returning seq').pluck()
const countOne = database.prepare(
  'update service_token_block set tokens = tokens + 1 where rowid = (select min(rowid) from service_token_block)',
)
const create = database.transaction(() => {
  const [id, now] = [randomUUID(), Date.now()]
  addEntry({ id: randomUUID(), at: now })
  const seq = advance.get()
  addToken({
    id,
    client_id: `${randomBytes(16).toString('hex')}.access`,
    digest: randomBytes(32),
    created_at: now,
    updated_at: now,
    expires_at: now + 1e10,
  })
  countOne.run()
  addUse({ service_token_id: id, created_at: now })
  addChange.run(seq, id)
})

const countTokens = database.prepare('select count(*) from service_token').pluck()
const before = countTokens.get()
const startedAt = performance.now()
const spentBefore = process.cpuUsage()
let rows = 0
while (performance.now() < startedAt + Number(seconds) * 1000) {
  create.immediate()
  rows++
}
const tookSeconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage(spentBefore)
const stored = countTokens.get() - before
database.close()
console.log(JSON.stringify({ rows, stored, rowsPerSecond: rows / tookSeconds, cpuMicros: (user + system) / rows }))
