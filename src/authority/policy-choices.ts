import type { Application, PolicyUse } from '../domain/application.ts'
import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { Policy } from '../domain/policy.ts'
import type { RandomBytes } from '../domain/secret.ts'
import { Failure } from './failure.ts'
import type { Deed } from './journal.ts'
import { changedPolicy, newPolicy, type PolicyDraft, policyDeed, requirePolicy } from './policies.ts'
import type { Actor, Store, Write } from './ports.ts'

/** One of the policies that an application is to have. */
export interface PolicyChoice {
  /** Of one that is there. Without an id it is the application's own one of that name, or a new one. */
  readonly id?: string | undefined
  /** After the one before it when left out. */
  readonly precedence?: number | undefined
  /** What it is to say; nothing else than it says already when left out. */
  readonly content?: PolicyDraft | undefined
}

/** What has to be stored so that an application has the chosen policies. */
export interface PolicyPlan {
  readonly uses: readonly PolicyUse[]
  /** New and changed ones. */
  readonly writes: readonly Write[]
  /** Own ones that were not chosen. */
  readonly removals: readonly Write[]
  readonly deeds: readonly Deed[]
}

/** Finds out what choices mean for an application, with the policies that it has now. Fails with `invalid_request` for a choice that means nothing. */
export async function planPolicies(
  { store, random }: { readonly store: Store; readonly random: RandomBytes },
  { actor, now }: { readonly actor: Actor; readonly now: Instant },
  application: Application,
  current: readonly Policy[],
  choices: readonly PolicyChoice[],
): Promise<PolicyPlan> {
  const own = current.filter(({ applicationId }) => applicationId === application.id)
  const ids = choices.flatMap(({ id }) => id ?? [])
  const named = new Map((await store.findEach('policy', ids)).map((policy) => [policy.id, policy]))
  const chosen = new Set<string>()
  const uses: PolicyUse[] = []
  const writes: Write[] = []

  for (const [index, { id, precedence = (uses.at(-1)?.precedence ?? 0) + 1, content }] of choices.entries()) {
    const field = `policies/${index}`
    const sameName = own.find((policy) => policy.name === content?.name && !chosen.has(policy.id) && !named.has(policy.id))
    const before = id === undefined ? sameName : usable(named.get(id), application, field)
    if (before !== undefined && chosen.has(before.id)) throw invalid(field, 'must not be a policy that is there already')
    if (content !== undefined) await requirePolicy(store, application, content, `${field}/`)
    const after =
      before === undefined ? newOne(application, content, field, random, now) : changed(before, content, application, field, now)
    if (uses.some((use) => use.precedence === precedence)) throw notUnique(`${field}/precedence`, precedence)
    chosen.add(after.id)
    uses.push({ policyId: after.id, precedence })
    if (after !== before) writes.push({ kind: 'policy', before: before ?? null, after })
  }

  const removals = own.filter(({ id }) => !chosen.has(id)).map((before) => ({ kind: 'policy' as const, before, after: null }))
  const deeds = [...writes, ...removals].map(({ before, after }) => {
    const action = before === null ? 'create' : after === null ? 'delete' : 'update'
    return policyDeed(actor, `policy.${action}`, before as Policy | null, after as Policy | null, now)
  })
  return { uses: uses.toSorted((one, other) => one.precedence - other.precedence), writes, removals, deeds }
}

/** Its own, or one that the account's applications share. */
function usable(policy: Policy | undefined, { id, accountId }: Application, field: string): Policy {
  const isOwn = policy?.applicationId === id
  const isShared = policy?.applicationId === null && policy.accountId === accountId
  if (policy !== undefined && (isOwn || isShared)) return policy
  throw invalid(field, 'must be the id of a reusable policy of this account, or of one of this application')
}

function newOne(application: Application, content: PolicyDraft | undefined, field: string, random: RandomBytes, now: Instant): Policy {
  if (content === undefined) throw invalid(field, 'must have an id, or name, decision and include')
  const { accountId, zoneId, id: applicationId } = application
  return newPolicy(newUuid(random), { accountId, zoneId, applicationId }, content, now)
}

/** Clients send back what they were shown, the content of shared policies with it. */
function changed(before: Policy, content: PolicyDraft | undefined, { id }: Application, field: string, now: Instant): Policy {
  const after = content === undefined ? before : changedPolicy(before, content, now)
  if (after === before || before.applicationId === id) return after
  throw invalid(
    field,
    'is a reusable policy, which other applications may use: change it under /access/policies, and give its id alone here',
  )
}

/** In the words of the original, which clients know. */
export function notUnique(field: string, precedence: number): Failure {
  return new Failure('invalid_request', {
    message: `policy precedences must be unique; there is another policy with ${precedence} (${field})`,
  })
}

function invalid(field: string, message: string): Failure {
  return new Failure('invalid_request', { field, message })
}
