import { type HourlyCount, hourMs, hourOf } from '../domain/activity.ts'
import type { Scope } from '../domain/service-token.ts'
import { dayMs } from '../domain/signing-key.ts'
import { Failure } from './failure.ts'
import type { Clock, Store } from './ports.ts'

/** For how long the counts of an hour are kept. */
export const activityKeptMs = 8 * dayMs

/** How much machines ask of the gate, hour by hour: one count for each of the last hours, the oldest first and the present one at the end. */
export interface Activity {
  /** Requests in which the token was presented, whatever they asked for. Fails with `service_token_not_found`. */
  ofToken(scope: Scope, id: string, hours: number): Promise<readonly HourlyCount[]>
  /** Requests for applications of the scope: an account's with those of its zones, or a zone's. */
  ofScope(scope: Scope, hours: number): Promise<readonly HourlyCount[]>
}

export function createActivity({ store, clock }: { store: Store; clock: Clock }): Activity {
  async function read(subjectId: string, count: number): Promise<readonly HourlyCount[]> {
    const present = hourOf(clock.now())
    const hours = Array.from({ length: count }, (_, index) => present - (count - 1 - index) * hourMs)
    const counted = new Map((await store.listActivity(subjectId, hours)).map((one) => [one.hour, one]))
    return hours.map((hour) => counted.get(hour) ?? { hour, subjectId, allowed: 0, refused: 0, previousSecret: 0 })
  }

  return {
    async ofToken(scope, id, hours) {
      if ((await store.findServiceToken(scope, id)) === undefined) throw new Failure('service_token_not_found')
      return read(id, hours)
    },
    ofScope: ({ accountId, zoneId }, hours) => read(zoneId ?? accountId, hours),
  }
}
