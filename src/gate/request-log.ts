import type { NotedRequest } from '../authority/access-requests.ts'
import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Asked, Reason, Verdict, Via } from './decide.ts'
import { createRecollection } from './recollection.ts'

/** Notes what machines asked for. Those that go on asking for the same are noted once in a while. */
export type NoteRequest = (asked: Asked, verdict: Verdict, ray: string, now: Instant) => void

export interface RequestLogDeps {
  readonly record: (request: NotedRequest) => void
  readonly random: RandomBytes
}

/** How long a request stands for those after it from the same address, to the same end. */
const admittedForMs = 3_600_000
const refusedForMs = 60_000
/** What is remembered at a time: at worst, something is noted again. */
const maxRemembered = 100_000

/** What a token was last noted for. */
interface Latest {
  readonly applicationId: string
  readonly reason: Reason | Via | 'bypass'
  readonly sourceIp: string
  readonly until: Instant
}

export function createRequestLog({ record, random }: RequestLogDeps): NoteRequest {
  /** Until when what happened stands for what is like it; by service token (or none), and by address, application and reason. */
  const remembered = new Map<string, Map<string, Instant>>()
  let count = 0
  /** Most machines go on asking for the same. */
  const latestOf = createRecollection<Latest>('request')

  /** Until when the same needs no further note; `undefined` if it was not noted a short while ago. */
  function notedUntil(subject: string, event: string, now: Instant): Instant | undefined {
    const until = remembered.get(subject)?.get(event)
    return until !== undefined && until > now ? until : undefined
  }

  function remember(subject: string, event: string, until: Instant): void {
    if (count >= maxRemembered) {
      remembered.clear()
      count = 0
    }
    const events = remembered.get(subject) ?? new Map<string, Instant>()
    remembered.set(subject, events)
    if (!events.has(event)) count++
    events.set(event, until)
  }

  return ({ address: sourceIp }, verdict, ray, now) => {
    const { application, token, admitted } = verdict
    // Without an application there is no account in whose log it could stand.
    if (application === null) return
    const reason = admitted ? (verdict.via ?? 'bypass') : verdict.reason
    const latest = token === null ? undefined : latestOf.of(token)
    if (latest !== undefined && now < latest.until && isLike(latest, application.id, reason, sourceIp)) return
    const [subject, event] = [token?.id ?? '', `${sourceIp} ${application.id} ${reason}`]
    const before = notedUntil(subject, event, now)
    const until = before ?? now + (admitted ? admittedForMs : refusedForMs)
    if (token !== null) latestOf.keep(token, { applicationId: application.id, reason, sourceIp, until })
    if (before !== undefined) return
    remember(subject, event, until)
    const { accountId, id: applicationId, name: applicationName, domain: applicationDomain } = application
    record({
      ...{ id: newUuid(random), at: now, accountId, applicationId, applicationName, applicationDomain },
      // A token is told to those only whose token it is.
      serviceTokenId: token?.accountId === accountId ? token.id : null,
      ...{ allowed: admitted, reason, sourceIp, rayId: ray },
    })
  }
}

function isLike(latest: Latest, applicationId: string, reason: Latest['reason'], sourceIp: string): boolean {
  return latest.applicationId === applicationId && latest.reason === reason && latest.sourceIp === sourceIp
}
