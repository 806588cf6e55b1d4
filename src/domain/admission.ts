import { createAddressSet, parseAddressRange } from './address-range.ts'
import { type Application, belongsTo } from './application.ts'
import type { Decision, Group, Policy, Rule, RuleSet } from './policy.ts'
import type { Scope } from './service-token.ts'

/** What an application's policies say to a request. */
export type Judgement =
  | { readonly admitted: true; readonly policy: Policy }
  | { readonly admitted: false; readonly reason: 'wrong_scope' | 'denied' | 'no_policy'; readonly policy: Policy | null }

/** The part of a token that policies may ask about. */
export interface Subject extends Scope {
  readonly id: string
}

/** Judges a request from `address` that proved `token`, or proved none. Allocates nothing. */
export type Judge = (token: Subject | null, address: string) => Judgement

/** One of a policy's rule sets, ready to be asked. */
interface Condition {
  readonly include: Union
  readonly require: readonly Union[]
  /** `null` where nothing is excluded. */
  readonly exclude: Union | null
}

/** Rules of which one is enough. */
interface Union {
  readonly everyone: boolean
  readonly anyToken: boolean
  /** `null` where none is named: an empty set would be asked about each token all the same. */
  readonly tokens: ReadonlySet<string> | null
  readonly holdsAddress: ((address: string) => boolean) | null
  readonly groups: readonly Condition[]
}

interface Step {
  readonly decision: Decision
  readonly condition: Condition
  readonly judgement: Judgement
}

/** A policy refers to a group that is not there, or that contains itself: nobody can say what it means. */
class Unclear extends Error {}

const wrongScope: Judgement = { admitted: false, reason: 'wrong_scope', policy: null }
const noPolicy: Judgement = { admitted: false, reason: 'no_policy', policy: null }

/**
 * Turns policies into something that can be asked without walking through them: Service Auth and bypass first, then deny and allow, each in their order.
 * Nothing matching is a refusal, and a policy that cannot be understood matches nothing.
 */
export function compile(application: Application, policies: ReadonlyMap<string, Policy>, groups: ReadonlyMap<string, Group>): Judge {
  const steps = inOrder(application, policies).flatMap((policy) => {
    const condition = understood(policy, groups)
    return condition === undefined ? [] : [{ decision: policy.decision, condition, judgement: judgementOf(policy) }]
  })
  return (token, address) => judge(application, steps, token, address)
}

/** Policies in the order in which they are asked. */
function inOrder(application: Application, policies: ReadonlyMap<string, Policy>): readonly Policy[] {
  const ordered = [...application.policies]
    .sort((one, other) => one.precedence - other.precedence)
    .flatMap(({ policyId }) => policies.get(policyId) ?? [])
  return [...ordered.filter(letsMachinesIn), ...ordered.filter((policy) => !letsMachinesIn(policy))]
}

function letsMachinesIn({ decision }: Policy): boolean {
  return decision === 'non_identity' || decision === 'bypass'
}

/** `allow` is about people, who sign in: it never lets a machine in. */
function judgementOf(policy: Policy): Judgement {
  if (letsMachinesIn(policy)) return { admitted: true, policy }
  return { admitted: false, reason: policy.decision === 'deny' ? 'denied' : 'no_policy', policy }
}

function judge(application: Application, steps: readonly Step[], proved: Subject | null, address: string): Judgement {
  const token = proved !== null && belongsTo(proved, application) ? proved : null
  const isForeign = proved !== null && token === null
  for (const { decision, condition, judgement } of steps) {
    const isServiceAuth = decision === 'non_identity'
    // Service Auth is for those who prove a token, whatever else it asks.
    if (isServiceAuth && token === null) continue
    // Rules about tokens count in Service Auth only.
    if (holds(condition, isServiceAuth ? token : null, address)) return isForeign && !judgement.admitted ? wrongScope : judgement
  }
  return isForeign ? wrongScope : noPolicy
}

function holds({ include, require, exclude }: Condition, token: Subject | null, address: string): boolean {
  if (!holdsOne(include, token, address)) return false
  for (const union of require) if (!holdsOne(union, token, address)) return false
  return exclude === null || !holdsOne(exclude, token, address)
}

function holdsOne(union: Union, token: Subject | null, address: string): boolean {
  if (union.everyone) return true
  if (token !== null && (union.anyToken || union.tokens?.has(token.id) === true)) return true
  if (union.holdsAddress?.(address) === true) return true
  for (const group of union.groups) if (holds(group, token, address)) return true
  return false
}

function understood(policy: Policy, groups: ReadonlyMap<string, Group>): Condition | undefined {
  try {
    return conditionOf(policy, createGroupConditions(groups))
  } catch (error) {
    if (error instanceof Unclear) return undefined
    throw error
  }
}

/** Conditions of groups by id, each made once, the groups that they name before them. */
function createGroupConditions(groups: ReadonlyMap<string, Group>): (id: string) => Condition {
  const made = new Map<string, Condition | 'in the making'>()
  return function conditionOfGroup(id) {
    const known = made.get(id)
    const group = groups.get(id)
    if (known === 'in the making' || group === undefined) throw new Unclear()
    if (known !== undefined) return known
    made.set(id, 'in the making')
    const condition = conditionOf(group, conditionOfGroup)
    made.set(id, condition)
    return condition
  }
}

function conditionOf({ include, require, exclude }: RuleSet, group: (id: string) => Condition): Condition {
  return {
    include: unionOf(include, group),
    require: require.map((rule) => unionOf([rule], group)),
    exclude: exclude.length === 0 ? null : unionOf(exclude, group),
  }
}

function unionOf(rules: readonly Rule[], group: (id: string) => Condition): Union {
  const tokens = rules.flatMap((rule) => (rule.kind === 'service_token' ? [rule.tokenId] : []))
  const ranges = rules.flatMap((rule) => (rule.kind === 'ip' ? [rangeOf(rule.range)] : []))
  return {
    everyone: rules.some(({ kind }) => kind === 'everyone'),
    anyToken: rules.some(({ kind }) => kind === 'any_valid_service_token'),
    tokens: tokens.length === 0 ? null : new Set(tokens),
    holdsAddress: ranges.length === 0 ? null : createAddressSet(ranges),
    groups: rules.flatMap((rule) => (rule.kind === 'group' ? [group(rule.groupId)] : [])),
  }
}

function rangeOf(text: string) {
  const range = parseAddressRange(text)
  if (range === undefined) throw new Unclear()
  return range
}

/** Why a policy applies to a request, or does not. */
export interface Finding {
  readonly policy: Policy
  readonly applies: boolean
  readonly because:
    | 'applies'
    | 'unclear'
    | 'needs_token'
    | 'nothing_included'
    | { readonly part: 'require' | 'exclude'; readonly rule: Rule }
}

/** What each policy says to a request, one by one in the order in which they are asked: the first that applies decides. */
export function explain(
  application: Application,
  policies: ReadonlyMap<string, Policy>,
  groups: ReadonlyMap<string, Group>,
  proved: Subject | null,
  address: string,
): readonly Finding[] {
  const own = proved !== null && belongsTo(proved, application) ? proved : null
  return inOrder(application, policies).map((policy) => {
    const isServiceAuth = policy.decision === 'non_identity'
    if (understood(policy, groups) === undefined) return { policy, applies: false, because: 'unclear' }
    if (isServiceAuth && own === null) return { policy, applies: false, because: 'needs_token' }
    const because = reason(policy, createGroupConditions(groups), isServiceAuth ? own : null, address)
    return { policy, applies: because === 'applies', because }
  })
}

function reason(
  { include, require, exclude }: RuleSet,
  group: (id: string) => Condition,
  token: Subject | null,
  address: string,
): Finding['because'] {
  const isMet = (rule: Rule) => holdsOne(unionOf([rule], group), token, address)
  if (!include.some(isMet)) return 'nothing_included'
  const missing = require.find((rule) => !isMet(rule))
  if (missing !== undefined) return { part: 'require', rule: missing }
  const excluding = exclude.find(isMet)
  return excluding === undefined ? 'applies' : { part: 'exclude', rule: excluding }
}
