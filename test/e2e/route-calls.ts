import type { Route } from '../../src/api/route.ts'
import { accountResource, type Grant, type Permission, permissionGroups, userResource } from '../../src/domain/permission.ts'
import type { ApiToken, Owner } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { Call, RawApi } from '../raw-api.ts'

/** An account with a zone, and a user; none of them has anything to do with any other tenant. */
export interface Tenant {
  readonly accountId: string
  readonly zoneId: string
  readonly userId: string
}

export type Credentials = NonNullable<Call['credentials']>

export interface MadeApiToken {
  readonly id: string
  readonly credentials: Credentials
}

/** Calls that do what a route is for, so that every test can walk through all routes, the ones of tomorrow too. */
export interface RouteCalls {
  /** What the installation's first owner signs in with: e-mail and key. */
  readonly owner: Credentials
  newTenant(route?: Route): Promise<Tenant>
  /** A new API token, whoever could or could not have made it. */
  apiToken(owner: Owner, grants: readonly Grant[], more?: Partial<ApiToken>): Promise<MadeApiToken>
  /** The path of the route in that tenant, about new things there, with a body that it takes. */
  callOf(route: Route, tenant: Tenant): Promise<Call>
}

export const userOf = ({ userId }: Tenant): Owner => ({ userId, accountId: null })
export const accountOf = ({ accountId }: Tenant): Owner => ({ userId: null, accountId })

/** Every group with nothing but permissions that end like this. */
export const readGroups = groupsOf((permission) => permission.endsWith(':read'))
export const allGroups = groupsOf(() => true)
const userGroups = permissionGroups.filter(({ scope }) => scope === 'com.cloudflare.api.user').map(({ id }) => id)

function groupsOf(isGood: (permission: Permission) => boolean): readonly string[] {
  return permissionGroups.filter(({ permissions }) => permissions.every(isGood)).map(({ id }) => id)
}

let grants = 0
export function grant(effect: Grant['effect'], resources: readonly string[], groups: readonly string[]): Grant {
  return { id: (grants++).toString(16).padStart(32, '0'), effect, resources, permissionGroups: groups }
}

/** All of it in one account. */
export function grantsIn({ accountId }: Pick<Tenant, 'accountId'>, groups: readonly string[]): readonly Grant[] {
  return [
    grant(
      'allow',
      [accountResource(accountId)],
      groups.filter((id) => !userGroups.includes(id)),
    ),
  ]
}

/** All of it in one account, and with what is its user's. */
export function grantsOn(tenant: Tenant, groups: readonly string[]): readonly Grant[] {
  const ofUser = groups.filter((id) => userGroups.includes(id))
  return [...grantsIn(tenant, groups), ...(ofUser.length > 0 ? [grant('allow', [userResource(tenant.userId)], ofUser)] : [])]
}

/** The account that stands in the examples of the documentation. */
const exampleAccountId = '023e105f4ecef8ad9ca31a8372d0c353'
const neededQueries: Readonly<Record<string, string>> = { since: '2020-01-01', before: '2100-01-01' }

export function createRouteCalls(api: RawApi): RouteCalls {
  const { email, apiKey } = api.postern.bootstrap
  const owner = { 'x-auth-email': email, 'x-auth-key': apiKey }
  let made = 0
  const newId = (letter: string) => `${letter}${(made++).toString(16).padStart(31, '0')}`

  async function apiToken(of: Owner, held: readonly Grant[], more: Partial<ApiToken> = {}): Promise<MadeApiToken> {
    const id = newId('7')
    const value = `t${id}${id}`
    const location = { in: [], notIn: [] }
    const times = { notBefore: null, expiresAt: null, createdAt: 0, updatedAt: 0 }
    const after = {
      id,
      owner: of,
      name: id,
      digest: digestOf(value),
      grants: held,
      location,
      disabled: false,
      ...times,
      revision: 0,
      ...more,
    }
    await api.insert({ kind: 'api_token', before: null, after })
    return { id, credentials: { authorization: `Bearer ${value}` } }
  }

  async function serviceToken(path: string): Promise<string> {
    const answer = await api.call({
      method: 'POST',
      path: `${path}/access/service_tokens`,
      credentials: owner,
      body: { name: `of ${path}` },
    })
    return answer.envelope.result?.['id'] as string
  }

  /** Something new that a part of a path can name. */
  async function thing(parameter: string, path: string, tenant: Tenant): Promise<string> {
    if (parameter === 'service_token_id') return serviceToken(path)
    if (parameter !== 'token_id') throw new Error(`a route has a parameter that this does not know: ${parameter}`)
    const isOfUser = path === '/user'
    return (
      await apiToken(isOfUser ? userOf(tenant) : accountOf(tenant), isOfUser ? grantsOn(tenant, readGroups) : grantsIn(tenant, readGroups))
    ).id
  }

  return {
    ...{ owner, apiToken },

    async newTenant(route) {
      const tenant = { accountId: newId('a'), zoneId: newId('b'), userId: newId('c') }
      const common = { createdAt: 0, updatedAt: 0, revision: 0 }
      const { accountId, zoneId, userId } = tenant
      await api.insert(
        { kind: 'account', before: null, after: { id: accountId, name: `account ${accountId}`, createdAt: 0, revision: 0 } },
        {
          ...{ kind: 'user', before: null },
          after: { id: userId, email: `${userId}@example.com`, keyDigest: digestOf(userId), createdAt: 0, revision: 0 },
        },
      )
      // An account with a zone cannot be deleted.
      if (route === undefined || !isDeletionOf('/accounts/:account_id', route)) {
        await api.insert({ kind: 'zone', before: null, after: { id: zoneId, accountId, name: `${zoneId}.example`, ...common } })
      }
      // The first question makes an account's first key.
      if (route?.path.includes('/access/keys'))
        await api.call({ method: 'GET', path: `/accounts/${accountId}/access/keys`, credentials: owner })
      return tenant
    },

    async callOf({ method, path: pattern, body, query }, tenant) {
      let path = ''
      for (const part of pattern.split('/').slice(1)) {
        const parameter = part.startsWith(':') ? part.slice(1) : undefined
        if (parameter === undefined) path += `/${part}`
        else if (parameter === 'account_id') path += `/${tenant.accountId}`
        else if (parameter === 'zone_id') path += `/${tenant.zoneId}`
        else
          path += `/${await thing(
            parameter,
            `/${path
              .split('/')
              .slice(1, path.startsWith('/user') ? 2 : 3)
              .join('/')}`,
            tenant,
          )}`
      }
      const needed = (query?.required ?? []).map((name) => `${name}=${neededQueries[name] ?? missing(name)}`)
      const [example] = (body as { readonly examples?: readonly unknown[] } | undefined)?.examples ?? []
      const text = JSON.stringify(example ?? {}).replaceAll(exampleAccountId, tenant.accountId)
      return { method, path: needed.length > 0 ? `${path}?${needed.join('&')}` : path, ...(body && { body: JSON.parse(text) }) }
    },
  }
}

export function isDeletionOf(path: string, route: Route): boolean {
  return route.method === 'DELETE' && route.path === path
}

function missing(name: string): never {
  throw new Error(`a route needs a query parameter that this does not know: ${name}`)
}
