import { type RawBuilder, sql } from 'kysely'
import type { Store } from '../authority/ports.ts'
import { batches } from './batches.ts'
import type { Database } from './database.ts'
import { filled, lines, rowsAtOnce } from './value-lines.ts'

type Queries = Pick<Store, 'recordActivity' | 'listActivity' | 'forgetActivity'>

const nothing = [0, '', 0, 0, 0]

/** What gates have counted, hour by hour. Several of them add to the same counts. */
export function createActivityQueries({ db, record }: Database): Queries {
  const add = addition().compile(db)
  return {
    async recordActivity(counts) {
      const rows = counts.map(({ hour, subjectId, allowed, refused, previousSecret }) => [
        hour,
        subjectId,
        allowed,
        refused,
        previousSecret,
      ])
      if (rows.length > 0) await record([...batches(rows, rowsAtOnce)].map((batch) => filled(add, batch, nothing)))
    },

    async listActivity(subjectId, hours) {
      const counted = db.selectFrom('activity').selectAll().where('hour', 'in', hours).where('subject_id', '=', subjectId)
      return (await counted.execute()).map(({ hour, allowed, refused, previous_secret: previousSecret }) => ({
        ...{ hour, subjectId, allowed, refused, previousSecret },
      }))
    },

    async forgetActivity(before, limit) {
      const forget = sql`
        delete from activity where (hour, subject_id) in (select hour, subject_id from activity where hour < ${before} limit ${limit})
      `
      return record([forget.compile(db)])
    },
  }
}

function addition(): RawBuilder<unknown> {
  return sql`
    with counted (hour, subject_id, allowed, refused, previous_secret) as (values ${lines('bigint', 'text', 'bigint', 'bigint', 'bigint')})
    insert into activity (hour, subject_id, allowed, refused, previous_secret)
    select hour, subject_id, allowed, refused, previous_secret from counted where subject_id <> ''
    on conflict (hour, subject_id) do update set
      allowed = activity.allowed + excluded.allowed,
      refused = activity.refused + excluded.refused,
      previous_secret = activity.previous_secret + excluded.previous_secret
  `
}
