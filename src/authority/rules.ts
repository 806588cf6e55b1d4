import { parseAddressRange } from '../domain/address-range.ts'
import { belongsTo } from '../domain/application.ts'
import { type Group, groupsNamedBy, isCircular, type Rule, type RuleSet, rulesOf, tokensNamedBy } from '../domain/policy.ts'
import type { Scope, ServiceToken } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Store } from './ports.ts'

/** How many groups rules may lead to, counted as often as they are named, directly and by other groups: what the gate may have to ask for one request. */
const maxReach = 100

const parts = ['include', 'require', 'exclude'] as const

/** Things that rules may name. */
interface Known {
  readonly tokens: ReadonlyMap<string, ServiceToken>
  readonly groups: ReadonlyMap<string, Group>
}

/**
 * Fails with `invalid_request` for a rule that means nothing in this account or zone, and for rules that lead to too many groups.
 * @param within where the rules stand in the request, as `policies/0/`.
 */
export async function requireRules(store: Store, scope: Scope, rules: RuleSet, within = ''): Promise<void> {
  const groups = groupsNamedBy(rules).size === 0 ? [] : await store.groupsOf(scope.accountId)
  const tokens = await store.findEach('service_token', tokensNamedBy(rules))
  const known = { tokens: byId(tokens), groups: byId(groups) }
  for (const part of parts) {
    for (const [index, rule] of rules[part].entries()) requireRule(rule, scope, known, `${within}${part}/${index}`)
  }
  if (createReach(known.groups)(rules) > maxReach) throw tooFar(`${within}include`)
}

function requireRule(rule: Rule, scope: Scope, { tokens, groups }: Known, at: string): void {
  if (rule.kind === 'ip' && parseAddressRange(rule.range) === undefined) {
    throw invalid(`${at}/ip/ip`, 'must be an IPv4 or IPv6 address or range such as 203.0.113.0/24')
  }
  if (rule.kind === 'service_token' && !mayName(scope, tokens.get(rule.tokenId))) {
    throw invalid(`${at}/service_token/token_id`, `must be the id of a service token of ${placeOf(scope)}`)
  }
  const group = rule.kind === 'group' ? groups.get(rule.groupId) : undefined
  if (rule.kind === 'group' && (group === undefined || !belongsTo(group, scope))) {
    throw invalid(`${at}/group/id`, `must be the id of a group of ${placeOf(scope)}`)
  }
}

/** What belongs to the account may name the tokens of its zones too: it is for their applications as well. */
function mayName(scope: Scope, token: ServiceToken | undefined): boolean {
  return token !== undefined && (scope.zoneId === null ? token.accountId === scope.accountId : belongsTo(token, scope))
}

function placeOf({ zoneId }: Scope): string {
  return zoneId === null ? 'this account' : 'this zone or its account'
}

/**
 * Fails for a group that would contain itself, or lead those that contain it to too many groups.
 * @param others all other groups of the account.
 */
export function requireReach(group: Group, others: readonly Group[]): void {
  const all = byId([...others, group])
  if (isCircular(group, all)) {
    const names = circleThrough(group, all).map(({ name }) => `"${name}"`)
    throw invalid('include', `and the other rules must not lead back to the group itself, as they do here: ${names.join(' → ')}`)
  }
  const reach = createReach(all)
  for (const one of all.values()) if (reach(one) > maxReach) throw tooFar('include', one.id === group.id ? undefined : one)
}

/** A way from the group back to itself. */
function circleThrough(group: Group, groups: ReadonlyMap<string, Group>): readonly Group[] {
  const seen = new Set<string>()
  const ways: (readonly Group[])[] = [[group]]
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    for (const id of groupsNamedBy(way.at(-1) ?? group)) {
      if (id === group.id) return [...way, group]
      const next = seen.has(id) ? undefined : groups.get(id)
      seen.add(id)
      if (next !== undefined) ways.push([...way, next])
    }
  }
  return [group]
}

/** Counts the groups that rules lead to. What is stored has no circles. */
function createReach(groups: ReadonlyMap<string, Group>): (rules: RuleSet) => number {
  const known = new Map<string, number>()

  function ofGroup(id: string): number {
    const group = groups.get(id)
    const reach = known.get(id) ?? (group === undefined ? 0 : 1 + ofRules(group))
    known.set(id, reach)
    return reach
  }

  function ofRules(rules: RuleSet): number {
    return rulesOf(rules).reduce((sum, rule) => sum + (rule.kind === 'group' ? ofGroup(rule.groupId) : 0), 0)
  }

  return ofRules
}

function tooFar(field: string, through?: Group): Failure {
  const deed = through === undefined ? 'lead' : `make "${through.name}", which contains this group, lead`
  return invalid(field, `and the other rules must not ${deed} to more than ${maxReach} groups, counted as often as they are named`)
}

function invalid(field: string, message: string): Failure {
  return new Failure('invalid_request', { field, message })
}

export function byId<Entity extends { readonly id: string }>(entities: readonly Entity[]): ReadonlyMap<string, Entity> {
  return new Map(entities.map((entity) => [entity.id, entity]))
}

/** Rules as the audit trail keeps them: `service_token <id>`, `ip 10.0.0.0/8`, `everyone`. */
export function rulesInWords(rules: RuleSet): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(parts.map((part) => [part, rules[part].map(inWords)]))
}

function inWords(rule: Rule): string {
  if (rule.kind === 'service_token') return `service_token ${rule.tokenId}`
  if (rule.kind === 'group') return `group ${rule.groupId}`
  return rule.kind === 'ip' ? `ip ${rule.range}` : rule.kind
}
