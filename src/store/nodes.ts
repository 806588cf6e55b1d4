import { sql } from 'kysely'
import type { Nodes } from '../authority/nodes.ts'
import type { Database } from './database.ts'
import { ask } from './steps.ts'

/** What nodes tell each other by the database. Instants are taken by its clock, as theirs may differ. */
export function createNodeQueries({ db, now, write, record, watch }: Database): Nodes {
  return {
    watch,

    async reportGate({ id, name, role, version, startedAt, appliedChange, confirmedAgeMs, stalenessBudgetMs, onStale }) {
      const row = {
        ...{ id, name, role, version, started_at: startedAt, applied_change: appliedChange, confirmed_age_ms: confirmedAgeMs },
        ...{ staleness_budget_ms: stalenessBudgetMs, on_stale: onStale, reported_at: now },
      }
      const { id: _id, ...others } = row
      const insert = db.insertInto('gate').values(row)
      await record([insert.onConflict((conflict) => conflict.column('id').doUpdateSet(others)).compile()])
    },

    async forgetGate(id, reportedAt) {
      const row = db.deleteFrom('gate').where('id', '=', id)
      await record([(reportedAt === undefined ? row : row.where('reported_at', '=', reportedAt)).compile()])
    },

    async listGates() {
      const rows = await db.selectFrom('gate').selectAll().select(now.as('now')).orderBy('name').orderBy('id').execute()
      return rows.map((row) => ({
        ...{ id: row.id, name: row.name, role: row.role as 'both' | 'gate', version: row.version, startedAt: row.started_at },
        ...{ appliedChange: row.applied_change, confirmedAgeMs: row.confirmed_age_ms, stalenessBudgetMs: row.staleness_budget_ms },
        ...{ onStale: row.on_stale as 'refuse' | 'serve', reportedAt: row.reported_at, silentMs: Math.max(0, row.now - row.reported_at) },
      }))
    },

    async takeLease(name, holder, forMs) {
      const row = { name, holder, ends_at: sql<number>`${now} + ${forMs}`, done_at: null }
      const take = db
        .insertInto('lease')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ holder, ends_at: row.ends_at })
            .where((lease) =>
              lease.or([lease('lease.holder', '=', holder), lease('lease.ends_at', '<=', now), lease('lease.ends_at', '>', row.ends_at)]),
            ),
        )
        .returning(['done_at', now.as('now')])
      let taken: { readonly done_at: number | null; readonly now: number } | undefined
      await write(function* () {
        taken = (yield* ask(take)).rows[0]
        return true
      })
      if (taken === undefined) return undefined
      const { done_at: doneAt, now: takenAt } = taken
      // What was done at a time that is yet to come was done before the clock was put back.
      return { doneMsAgo: doneAt === null || doneAt > takenAt ? null : takenAt - doneAt }
    },

    async noteDone(name, holder) {
      await record([db.updateTable('lease').set({ done_at: now }).where('name', '=', name).where('holder', '=', holder).compile()])
    },

    async releaseLease(name, holder) {
      await record([db.updateTable('lease').set({ ends_at: 0 }).where('name', '=', name).where('holder', '=', holder).compile()])
    },

    async pruneChanges(keep, limit) {
      const oldest = db.selectFrom('change').select((row) => row.fn.min('seq').as('seq'))
      const head = db.selectFrom('change_head').select('seq')
      const old = db.deleteFrom('change').where('seq', '<', sql<number>`(${oldest}) + ${limit}`)
      return record([old.where('seq', '<=', sql<number>`(${head}) - ${keep}`).compile()])
    },
  }
}
