import type { Clock } from '../authority/ports.ts'
import type { AccessRequest } from '../authority/queries.ts'
import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Asked, Verdict } from './decide.ts'

/** Notes what machines asked for. Those that go on asking for the same are noted once in a while. */
export type NoteRequest = (asked: Asked, verdict: Verdict, ray: string) => void

export interface RequestLogDeps {
  readonly record: (request: AccessRequest) => void
  readonly clock: Clock
  readonly random: RandomBytes
}

/** How long a request stands for those after it from the same address, to the same end. */
const admittedForMs = 3_600_000
const refusedForMs = 60_000
/** What is remembered at a time: at worst, something is noted again. */
const maxRemembered = 100_000

export function createRequestLog({ record, clock, random }: RequestLogDeps): NoteRequest {
  /** Until when what happened stands for what is like it; by service token (or none), and by address, application and reason. */
  const remembered = new Map<string, Map<string, Instant>>()
  let count = 0

  /** Whether the same was noted a short while ago; if not, it is from now on. */
  function isKnown(subject: string, event: string, now: Instant, forMs: number): boolean {
    const until = remembered.get(subject)?.get(event)
    if (until !== undefined && until > now) return true
    if (count >= maxRemembered) {
      remembered.clear()
      count = 0
    }
    const events = remembered.get(subject) ?? new Map<string, Instant>()
    remembered.set(subject, events)
    if (!events.has(event)) count++
    events.set(event, now + forMs)
    return false
  }

  return ({ address: sourceIp }, verdict, ray) => {
    const { application, token, admitted } = verdict
    // Without an application there is no account in whose log it could stand.
    if (application === null) return
    const reason = admitted ? (verdict.via ?? 'bypass') : verdict.reason
    const now = clock.now()
    if (isKnown(token?.id ?? '', `${sourceIp} ${application.id} ${reason}`, now, admitted ? admittedForMs : refusedForMs)) return
    const { accountId, id: applicationId, name: applicationName, domain: applicationDomain } = application
    // A name is told to those only whose token it is.
    const own = token?.accountId === accountId ? token : null
    record({
      ...{ id: newUuid(random), at: now, accountId, applicationId, applicationName, applicationDomain },
      ...{ serviceTokenId: own?.id ?? null, serviceTokenName: own?.name ?? null, allowed: admitted, reason, sourceIp, rayId: ray },
    })
  }
}
