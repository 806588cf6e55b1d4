import { formatDuration, longestDuration, parseLifetime } from '../domain/duration.ts'
import { newClientId, newUuid } from '../domain/identifier.ts'
import { formatInstant, type Instant } from '../domain/instant.ts'
import { digestOf, newSecret, type RandomBytes } from '../domain/secret.ts'
import { type Changes, issue, objectionTo, refresh, rotate, type Scope, type ServiceToken, update } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Actor, AuditEntry, Clock, Conditions, SeenServiceToken, ServiceTokenQuery, Store, Write } from './ports.ts'

/** A service token together with its secret, which nobody can see again. */
export interface IssuedServiceToken extends SeenServiceToken {
  readonly secret: string
}

export interface ServiceTokenDraft {
  readonly name: string
  readonly duration?: string | undefined
  readonly enabled?: boolean | undefined
  readonly secretVersion?: number | undefined
}

/** All commands fail with `service_token_not_found` for a token of another account or zone, and are durable once they answer. */
export interface ServiceTokens {
  list(scope: Scope, query: ServiceTokenQuery): Promise<{ readonly items: readonly SeenServiceToken[]; readonly total: number }>
  get(scope: Scope, id: string): Promise<SeenServiceToken>
  create(actor: Actor, scope: Scope, draft: ServiceTokenDraft): Promise<IssuedServiceToken>
  /** With a secret when the changes raised the secret's version. */
  update(actor: Actor, scope: Scope, id: string, changes: Changes): Promise<SeenServiceToken | IssuedServiceToken>
  rotate(actor: Actor, scope: Scope, id: string, graceUntil?: Instant): Promise<IssuedServiceToken>
  refresh(actor: Actor, scope: Scope, id: string): Promise<SeenServiceToken>
  delete(actor: Actor, scope: Scope, id: string): Promise<ServiceToken>
}

export interface ServiceTokensDeps {
  readonly store: Store
  readonly clock: Clock
  readonly random: RandomBytes
  /** Called after each stored change; once it resolves, the gate of this process has applied it. If it cannot read the store, its lease bounds the delay. */
  readonly announce: () => Promise<void>
  /** How many service tokens an account may have; 0 for no limit. */
  readonly maxPerAccount: number
}

const defaultDuration = '8760h'
/** A round is lost only when someone else's round was won, so this many in a row is a bug and not bad luck. */
const maxRounds = 1000

export function createServiceTokens({ store, clock, random, announce, maxPerAccount }: ServiceTokensDeps): ServiceTokens {
  async function get(scope: Scope, id: string): Promise<SeenServiceToken> {
    const found = await store.findServiceToken(scope, id)
    if (found === undefined) throw new Failure('service_token_not_found')
    return found
  }

  /** Reads, decides and saves, again from the start when another command came between. `null` deletes; the same object changes nothing. */
  async function change(
    actor: Actor,
    scope: Scope,
    id: string,
    action: string,
    decide: (token: ServiceToken, now: Instant) => ServiceToken | null,
  ): Promise<SeenServiceToken> {
    for (let round = 0; round < maxRounds; round++) {
      const { token: before, lastSeenAt } = await get(scope, id)
      const now = clock.now()
      const after = decide(before, now)
      if (after === before) return { token: before, lastSeenAt }
      if (await commit(actor, action, before, after, now)) {
        return { token: after ? { ...after, revision: before.revision + 1 } : before, lastSeenAt }
      }
    }
    throw new Error(`${action} lost ${maxRounds} races in a row`)
  }

  async function commit(
    actor: Actor,
    action: string,
    before: ServiceToken | null,
    after: ServiceToken | null,
    at: Instant,
    conditions?: Conditions,
  ): Promise<boolean> {
    const write: Write = { kind: 'service_token', before, after }
    const stored = await store.commit([write], auditEntry(actor, action, before, after, at), conditions)
    if (stored) await announce()
    return stored
  }

  function tooMany(): Error {
    // The ids are random: without a limit nothing can be in the way of a new token.
    if (maxPerAccount === 0) return new Error('a new service token was not stored')
    const message = `this account has ${maxPerAccount} service tokens, which is the limit; delete one first`
    return new Failure('too_many_service_tokens', { message })
  }

  function auditEntry(actor: Actor, action: string, before: ServiceToken | null, after: ServiceToken | null, at: Instant): AuditEntry {
    const subject = after ?? before
    if (subject === null) throw new Error('a change of nothing to nothing')
    return {
      ...{ id: newUuid(random), at, accountId: subject.accountId, actor, action },
      ...{ resourceKind: 'service_token', resourceId: subject.id },
      ...{ before: before && auditView(before), after: after && auditView(after) },
    }
  }

  return {
    get,
    list: (scope, query) => store.listServiceTokens(scope, query),

    async create(actor, scope, draft) {
      const { name, duration = defaultDuration, enabled = true, secretVersion = 1 } = draft
      requireLifetime(duration)
      const secret = newSecret('pst_', random)
      const ids = { id: newUuid(random), clientId: newClientId(random), digest: digestOf(secret) }
      const now = clock.now()
      const token = issue({ ...scope, ...ids, name, duration, enabled, secretVersion }, now)
      const conditions = maxPerAccount > 0 ? { maxServiceTokens: maxPerAccount } : {}
      if (!(await commit(actor, 'service_token.create', null, token, now, conditions))) throw tooMany()
      return { token, secret, lastSeenAt: null }
    },

    async update(actor, scope, id, changes) {
      if (changes.duration !== undefined) requireLifetime(changes.duration)
      const secret = newSecret('pst_', random)
      const digest = digestOf(secret)
      const seen = await change(actor, scope, id, 'service_token.update', (token, now) => {
        const objection = objectionTo(token, changes, now)
        if (objection) throw new Failure('invalid_request', objection)
        return update(token, changes, digest, now)
      })
      return seen.token.digest === digest ? { ...seen, secret } : seen
    },

    async rotate(actor, scope, id, graceUntil) {
      const secret = newSecret('pst_', random)
      const seen = await change(actor, scope, id, 'service_token.rotate', (token, now) => rotate(token, digestOf(secret), now, graceUntil))
      return { ...seen, secret }
    },

    refresh: (actor, scope, id) => change(actor, scope, id, 'service_token.refresh', refresh),
    async delete(actor, scope, id) {
      const { token } = await change(actor, scope, id, 'service_token.delete', () => null)
      return token
    },
  }
}

function requireLifetime(duration: string): void {
  if (parseLifetime(duration) !== undefined) return
  const most = formatDuration(longestDuration)
  const message = `must be "forever" or a duration above zero and up to ${most}, such as 8760h, 30m or 1h30m (units: ns, us, ms, s, m, h)`
  throw new Failure('invalid_request', { field: 'duration', message })
}

/** What the audit trail may show of a token. */
function auditView({
  name,
  clientId,
  secretVersion,
  duration,
  enabled,
  expiresAt,
  previous,
}: ServiceToken): Readonly<Record<string, unknown>> {
  return {
    ...{ name, client_id: clientId, client_secret_version: secretVersion, duration, enabled, expires_at: formatInstant(expiresAt) },
    ...(previous && { previous_client_secret_expires_at: formatInstant(previous.until) }),
  }
}
