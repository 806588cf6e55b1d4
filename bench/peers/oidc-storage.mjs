/**
 * The storage that node-oidc-provider asks for, in SQLite: what it keeps is one JSON text by kind and id, with columns for what it is looked up by.
 * @param {import('better-sqlite3').Database} database
 */
export function createAdapters(database) {
  database.exec(`
    CREATE TABLE kept (
      kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER, grant_id TEXT, user_code TEXT, uid TEXT,
      PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX kept_grant ON kept (kind, grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX kept_user_code ON kept (kind, user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX kept_uid ON kept (kind, uid) WHERE uid IS NOT NULL;
  `)
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO kept (kind, id, payload, expires_at, grant_id, user_code, uid) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const alive = 'AND (expires_at IS NULL OR expires_at > unixepoch())'
  const find = database.prepare(`SELECT payload FROM kept WHERE kind = ? AND id = ? ${alive}`)
  const findByUserCode = database.prepare(`SELECT payload FROM kept WHERE kind = ? AND user_code = ? ${alive}`)
  const findByUid = database.prepare(`SELECT payload FROM kept WHERE kind = ? AND uid = ? ${alive}`)
  const consume = database.prepare("UPDATE kept SET payload = json_set(payload, '$.consumed', unixepoch()) WHERE kind = ? AND id = ?")
  const destroy = database.prepare('DELETE FROM kept WHERE kind = ? AND id = ?')
  const revoke = database.prepare('DELETE FROM kept WHERE kind = ? AND grant_id = ?')
  /** @param {unknown} row */
  const payloadOf = (row) => (row === undefined ? undefined : JSON.parse(/** @type {{ payload: string }} */ (row).payload))

  /** @param {string} kind */
  return (kind) => ({
    /** @param {string} id @param {Record<string, any>} payload @param {number} [expiresIn] In seconds. */
    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn === undefined ? null : Math.floor(Date.now() / 1000) + expiresIn
      upsert.run(kind, id, JSON.stringify(payload), expiresAt, payload.grantId ?? null, payload.userCode ?? null, payload.uid ?? null)
    },
    find: async (/** @type {string} */ id) => payloadOf(find.get(kind, id)),
    findByUserCode: async (/** @type {string} */ userCode) => payloadOf(findByUserCode.get(kind, userCode)),
    findByUid: async (/** @type {string} */ uid) => payloadOf(findByUid.get(kind, uid)),
    consume: async (/** @type {string} */ id) => void consume.run(kind, id),
    destroy: async (/** @type {string} */ id) => void destroy.run(kind, id),
    revokeByGrantId: async (/** @type {string} */ grantId) => void revoke.run(kind, grantId),
  })
}
