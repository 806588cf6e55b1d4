import { formatDuration, longestDuration, parseLifetime } from '../domain/duration.ts'
import { newClientId, newUuid } from '../domain/identifier.ts'
import { formatInstant, type Instant } from '../domain/instant.ts'
import { digestOf, newSecret, type RandomBytes } from '../domain/secret.ts'
import { type Changes, issue, objectionTo, refresh, rotate, type Scope, type ServiceToken, update } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { type Deed, type Journal, requireScope } from './journal.ts'
import { namedBy } from './naming.ts'
import type { Actor, Clock, Conditions, SecretUse, SeenServiceToken, Store } from './ports.ts'
import type { Page, ServiceTokenOverview, ServiceTokenQuery } from './queries.ts'
import type { Retries, Retry } from './retries.ts'

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

/** What a command on an existing token may depend on. */
export interface Terms {
  /** The revisions that it is meant for; any when left out. */
  readonly ifRevision?: readonly number[] | undefined
  readonly retry?: Retry | undefined
  /** Throws where the token that is there is not the one that the command is about. Not asked when the answer to a repetition is known. */
  readonly check?: ((seen: SeenServiceToken) => void) | undefined
}

/** An answer that may be the one that the same request got before. */
export type Repeatable<Answer> = Answer & { readonly isRepeated?: true }

/**
 * All commands fail with `service_token_not_found` for a token of another account or zone, with `changed_meanwhile` for another revision
 * than the terms allow, and are durable once they answer.
 */
export interface ServiceTokens {
  list(scope: Scope, query: ServiceTokenQuery): Promise<Page<SeenServiceToken>>
  /** Of how many each status holds at a moment. */
  overview(scope: Scope, at: Instant): Promise<ServiceTokenOverview>
  get(scope: Scope, id: string): Promise<SeenServiceToken>
  create(actor: Actor, scope: Scope, draft: ServiceTokenDraft, retry?: Retry): Promise<Repeatable<IssuedServiceToken>>
  /** With a secret when the changes raised the secret's version. */
  update(
    actor: Actor,
    scope: Scope,
    id: string,
    changes: Changes,
    terms?: Terms,
  ): Promise<Repeatable<SeenServiceToken & { readonly secret?: string }>>
  rotate(actor: Actor, scope: Scope, id: string, graceUntil?: Instant, terms?: Terms): Promise<Repeatable<IssuedServiceToken>>
  refresh(actor: Actor, scope: Scope, id: string, terms?: Terms): Promise<SeenServiceToken>
  /** Fails with `service_token_in_use` while a policy or a group names it. */
  delete(actor: Actor, scope: Scope, id: string, terms?: Terms): Promise<ServiceToken>
  /** From where its current secret and the one before were last used, newest first. */
  uses(scope: Scope, id: string): Promise<{ readonly token: ServiceToken; readonly uses: readonly SecretUse[] }>
}

export interface ServiceTokensDeps {
  readonly store: Store
  readonly journal: Journal
  readonly retries: Retries
  readonly clock: Clock
  readonly random: RandomBytes
  /** How many service tokens an account may have; 0 for no limit. */
  readonly maxPerAccount: number
}

const defaultDuration = '8760h'

export function createServiceTokens({ store, journal, retries, clock, random, maxPerAccount }: ServiceTokensDeps): ServiceTokens {
  async function get(scope: Scope, id: string): Promise<SeenServiceToken> {
    const found = await store.findServiceToken(scope, id)
    if (found === undefined) throw new Failure('service_token_not_found')
    return found
  }

  /** Reads, decides and saves. `null` deletes; the same object changes nothing. What `show` makes of the outcome is the answer, and kept for a retry. */
  function change<Answer extends object>(
    command: { readonly actor: Actor; readonly scope: Scope; readonly id: string; readonly action: string } & Terms,
    decide: (token: ServiceToken, now: Instant) => ServiceToken | null | Promise<null>,
    show: (seen: SeenServiceToken) => Answer,
  ): Promise<Repeatable<Answer>> {
    const { actor, scope, id, action, ifRevision, retry, check } = command
    return retries.once<Answer>(action, retry, async (attemptOf) => {
      const { token: before, lastSeenAt } = await get(scope, id)
      if (ifRevision?.includes(before.revision) === false) throw new Failure('changed_meanwhile')
      check?.({ token: before, lastSeenAt })
      const now = clock.now()
      const after = await decide(before, now)
      if (after === before) {
        const unchanged = show({ token: before, lastSeenAt })
        const kept = attemptOf(unchanged)
        return kept.attempt === undefined || (await journal.commit([], [], kept)) ? unchanged : undefined
      }
      const answer = show({ token: after ? { ...after, revision: before.revision + 1 } : before, lastSeenAt })
      return (await commit(actor, action, before, after, now, attemptOf(answer))) ? answer : undefined
    })
  }

  function commit(
    actor: Actor,
    action: string,
    before: ServiceToken | null,
    after: ServiceToken | null,
    at: Instant,
    conditions: Conditions,
  ): Promise<boolean> {
    return journal.commit([{ kind: 'service_token', before, after }], deed(actor, action, before, after, at), conditions)
  }

  async function requireRoom({ accountId }: Scope): Promise<void> {
    // The ids are random: without a limit nothing but a repetition can be in the way of a new token.
    if (maxPerAccount === 0 || (await store.countServiceTokens(accountId)) < maxPerAccount) return
    const message = `this account has ${maxPerAccount} service tokens, which is the limit; delete one first`
    throw new Failure('too_many_service_tokens', { message })
  }

  return {
    get,
    list: (scope, query) => store.listServiceTokens(scope, query),
    overview: (scope, at) => store.serviceTokenOverview(scope, at),

    async uses(scope, id) {
      const { token } = await get(scope, id)
      const works = new Set([token.secretVersion, token.previous?.version])
      return { token, uses: (await store.listSecretUses(id)).filter(({ secretVersion }) => works.has(secretVersion)) }
    },

    create(actor, scope, draft, retry) {
      const { name, duration = defaultDuration, enabled = true, secretVersion = 1 } = draft
      requireLifetime(duration)
      const limit = maxPerAccount > 0 ? { maxServiceTokens: { accountId: scope.accountId, count: maxPerAccount } } : {}
      return retries.once<IssuedServiceToken>('service_token.create', retry, async (attemptOf) => {
        await requireRoom(scope)
        const secret = newSecret('pst_', random)
        const ids = { id: newUuid(random), clientId: newClientId(random), digest: digestOf(secret) }
        const now = clock.now()
        const token = issue({ ...scope, ...ids, name, duration, enabled, secretVersion }, now)
        const answer = { token: { ...token, revision: 1 }, secret, lastSeenAt: null }
        if (await commit(actor, 'service_token.create', null, token, now, { ...limit, ...attemptOf(answer) })) return answer
        await requireScope(store, scope)
        return undefined
      })
    },

    async update(actor, scope, id, changes, terms) {
      if (changes.duration !== undefined) requireLifetime(changes.duration)
      const secret = newSecret('pst_', random)
      const digest = digestOf(secret)
      return change(
        { actor, scope, id, action: 'service_token.update', ...terms },
        (token, now) => {
          const objection = objectionTo(token, changes, now)
          if (objection) throw new Failure('invalid_request', objection)
          return update(token, changes, digest, now)
        },
        (seen) => (seen.token.digest === digest ? { ...seen, secret } : seen),
      )
    },

    async rotate(actor, scope, id, graceUntil, terms) {
      const secret = newSecret('pst_', random)
      return change(
        { actor, scope, id, action: 'service_token.rotate', ...terms },
        (token, now) => rotate(token, digestOf(secret), now, graceUntil),
        (seen) => ({ ...seen, secret }),
      )
    },

    refresh: (actor, scope, id, terms) => change({ actor, scope, id, action: 'service_token.refresh', ...terms }, refresh, (seen) => seen),

    delete: (actor, scope, id, terms) =>
      change(
        { actor, scope, id, action: 'service_token.delete', ...terms },
        async () => {
          const names = await namedBy(store, scope, 'service_token', id)
          if (names !== undefined) throw new Failure('service_token_in_use', { note: `It is used by ${names}` })
          return null
        },
        ({ token }) => token,
      ),
  }
}

/** A change of a service token for the audit trail. */
export function deed(actor: Actor, action: string, before: ServiceToken | null, after: ServiceToken | null, at: Instant): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  return {
    actor,
    action,
    at,
    accountId: subject.accountId,
    zoneId: subject.zoneId,
    resource: { kind: 'service_token', id: subject.id },
    before: before && auditView(before),
    after: after && auditView(after),
  }
}

function requireLifetime(duration: string): void {
  if (parseLifetime(duration) !== undefined) return
  const most = formatDuration(longestDuration)
  const message = `must be "forever" or a duration above zero and up to ${most}, such as 8760h, 30m or 1h30m (units: ns, us, ms, s, m, h)`
  throw new Failure('invalid_request', { field: 'duration', message })
}

/** What the audit trail may show of a token. */
function auditView(token: ServiceToken): Readonly<Record<string, unknown>> {
  const view = {
    name: token.name,
    client_id: token.clientId,
    client_secret_version: token.secretVersion,
    duration: token.duration,
    enabled: token.enabled,
    expires_at: formatInstant(token.expiresAt),
  }
  return token.previous ? { ...view, previous_client_secret_expires_at: formatInstant(token.previous.until) } : view
}
