import { parseAddressRange } from '../domain/address-range.ts'
import type { Instant } from '../domain/instant.ts'
import { excess, type Grant, type Place, parseResource, permissionGroup, permits, type Resource, unnamed } from '../domain/permission.ts'
import { type ApiToken, isActive, isNoWider, type Owner } from '../domain/principal.ts'
import { Failure } from './failure.ts'
import type { Store } from './ports.ts'
import type { Caller } from './sign-in.ts'

// What one credential may hand on to another: never more than it has itself.

/** A grant as it is asked for. */
export type GrantDraft = Omit<Grant, 'id'> & { readonly id?: string | undefined }

/** Grants with ids: one that had its id before keeps it. */
export function named(drafts: readonly GrantDraft[], before: readonly Grant[], newId: () => string): readonly Grant[] {
  const free = new Set(before.map(({ id }) => id))
  return drafts.map((draft) => ({ ...draft, id: draft.id !== undefined && free.delete(draft.id) ? draft.id : newId() }))
}

/** Whether a token is a way to make other tokens of its user. */
export function administers(token: ApiToken, now: Instant): boolean {
  const { userId } = token.owner
  return userId !== null && isActive(token, now) && permits(token.grants, 'user_tokens:write', { userId })
}

/** Whether a token is as good a way in as another one: it administers, lasts no less, and from no fewer addresses. */
export function isAsGoodAWayIn(token: ApiToken, other: ApiToken, now: Instant): boolean {
  const lasts = token.expiresAt === null || (other.expiresAt !== null && token.expiresAt >= other.expiresAt)
  return administers(token, now) && lasts && isNoWider(other.location, token.location)
}

/** How many resources a token may name in all its policies. */
const maxResources = 300

/** Every grant must mean something, fit the owner, and give nothing that the caller does not have. */
export async function requireGrants(store: Store, caller: Caller, owner: Owner, grants: readonly Grant[]): Promise<void> {
  const resources = grants.map((grant, index) => resourcesOf(grant, `policies/${index}`))
  if (resources.flat().length > maxResources) {
    throw new Failure('invalid_request', { field: 'policies', message: `must name at most ${maxResources} resources together` })
  }
  const accountOf = await accountsOfZones(store, [...grants, ...(caller.grants === 'everything' ? [] : caller.grants)])
  for (const [index, grant] of grants.entries()) {
    requireFit(grant, resources[index] ?? [], owner, accountOf, `policies/${index}`)
  }
  requireWithin(caller, grants, accountOf)
  requireEffect(grants, accountOf)
  await requireExisting(store, grants, accountOf)
}

/** The grants must not let anybody do what the caller may not do. */
export async function requireHeld(store: Store, caller: Caller, grants: readonly Grant[]): Promise<void> {
  if (caller.grants === 'everything') return
  requireWithin(caller, grants, await accountsOfZones(store, [...grants, ...caller.grants]))
}

function requireWithin(caller: Caller, grants: readonly Grant[], accountOf: ReadonlyMap<string, string>): void {
  if (caller.grants === 'everything') return
  const found = excess(caller.grants, grants, (zoneId) => accountOf.get(zoneId))
  if (found === undefined) return
  const message = `Authentication error: a token cannot grant more than its maker holds, and yours does not hold ${found.permission} ${inWords(found.place)}`
  throw new Failure('exceeds_maker', { message })
}

/** A denial must take something away from what the other policies allow. */
function requireEffect(grants: readonly Grant[], accountOf: ReadonlyMap<string, string>): void {
  const allowing = grants.filter(({ effect }) => effect === 'allow')
  for (const [index, grant] of grants.entries()) {
    if (grant.effect === 'allow' || excess([...allowing, grant], allowing, (zoneId) => accountOf.get(zoneId)) !== undefined) continue
    const message = 'denies nothing that another policy of the token allows; leave it out'
    throw new Failure('invalid_request', { field: `policies/${index}`, message })
  }
}

/** Not before it is sure that the caller may know. */
async function requireExisting(store: Store, grants: readonly Grant[], accountOf: ReadonlyMap<string, string>): Promise<void> {
  for (const [index, { resources }] of grants.entries()) {
    for (const text of resources) {
      const resource = parseResource(text)
      const accountId = resource?.kind === 'account' ? resource.id : resource?.kind === 'zone' ? resource.accountId : null
      const isUnknownZone = resource?.kind === 'zone' && resource.id !== '*' && !accountOf.has(resource.id)
      const isUnknownAccount = accountId !== null && accountId !== '*' && (await store.find('account', accountId)) === undefined
      if (!isUnknownZone && !isUnknownAccount) continue
      const message = `names ${isUnknownZone ? 'a zone' : 'an account'} that there is not`
      throw new Failure('invalid_request', { field: `policies/${index}/resources/${text}`, message })
    }
  }
}

/** A token must not outlive its maker, nor work where its maker does not. */
export function requireReach({ token: maker }: Caller, token: ApiToken): void {
  if (maker === null) return
  if (maker.expiresAt !== null && (token.expiresAt === null || token.expiresAt > maker.expiresAt)) {
    const message = 'must not be later than the expires_on of the API token that makes the request'
    throw new Failure('exceeds_maker', { field: 'expires_on', message })
  }
  if (!isNoWider(token.location, maker.location)) {
    const message = 'must not allow addresses that the API token that makes the request may not be used from; repeat its "not_in" as well'
    throw new Failure('exceeds_maker', { field: 'condition/request_ip', message })
  }
}

/** Every entry must be an address or a range. */
export function requireRanges(ranges: readonly string[], field: string): void {
  const wrong = ranges.findIndex((range) => parseAddressRange(range) === undefined)
  if (wrong === -1) return
  throw new Failure('invalid_request', { field: `${field}/${wrong}`, message: 'must be an IP address or a CIDR range, such as 10.0.0.0/8' })
}

function resourcesOf({ resources }: GrantDraft, at: string): readonly Resource[] {
  return resources.map((text) => {
    const resource = parseResource(text)
    if (resource !== undefined) return resource
    const message =
      'is not a resource; use com.cloudflare.api.account.<account id>, com.cloudflare.api.account.zone.<zone id> or com.cloudflare.api.user.<user id>'
    throw new Failure('invalid_request', { field: `${at}/resources/${text}`, message })
  })
}

/** The account of each zone that the grants name. */
async function accountsOfZones(store: Store, grants: readonly Grant[]): Promise<ReadonlyMap<string, string>> {
  const resources = grants.flatMap((grant) => grant.resources.map(parseResource))
  const ids = new Set(resources.flatMap((resource) => (resource?.kind === 'zone' && resource.id !== '*' ? [resource.id] : [])))
  const found = new Map<string, string>()
  for (const id of ids) {
    const zone = await store.find('zone', id)
    if (zone !== undefined) found.set(id, zone.accountId)
  }
  return found
}

function requireFit(
  draft: GrantDraft,
  resources: readonly Resource[],
  owner: Owner,
  accountOf: ReadonlyMap<string, string>,
  at: string,
): void {
  for (const [index, resource] of resources.entries()) {
    const objection = objectionTo(resource, owner, accountOf)
    if (objection) throw new Failure('invalid_request', { field: `${at}/resources/${draft.resources[index]}`, message: objection })
  }
  for (const [index, id] of draft.permissionGroups.entries()) {
    const field = `${at}/permission_groups/${index}/id`
    const group = permissionGroup(id)
    if (group === undefined) {
      throw new Failure('invalid_request', { field, message: 'is not a permission group; GET …/tokens/permission_groups lists them' })
    }
    const isForUsers = group.scope === 'com.cloudflare.api.user'
    if (!resources.some((resource) => (resource.kind === 'user') === isForUsers)) {
      const wanted = isForUsers ? 'com.cloudflare.api.user.<user id>' : 'com.cloudflare.api.account.<account id>'
      throw new Failure('invalid_request', { field, message: `(${group.name}) has no effect without a resource such as ${wanted}` })
    }
  }
}

function objectionTo(resource: Resource, owner: Owner, accountOf: ReadonlyMap<string, string>): string | undefined {
  if (resource.kind === 'user') return resource.id === owner.userId ? undefined : 'must be the user that the token belongs to'
  const accountId = resource.kind === 'account' || resource.id === '*' ? undefined : accountOf.get(resource.id)
  if (resource.kind === 'zone' && resource.accountId !== null && resource.accountId !== '*' && accountId !== undefined) {
    if (accountId !== resource.accountId) return 'names a zone that is no part of that account'
  }
  if (owner.accountId === null) return undefined
  const own = resource.kind === 'account' ? resource.id : (resource.accountId ?? accountId)
  return own === owner.accountId ? undefined : 'must lie in the account that the token belongs to'
}

function inWords(place: Place): string {
  if ('userId' in place) return `on user ${place.userId}`
  const { accountId, zoneId } = place
  const account = accountId === unnamed ? 'every account' : `account ${accountId}`
  if (zoneId === null) return `on ${account}`
  return zoneId === unnamed ? `on every zone of ${account}` : `on zone ${zoneId}`
}
