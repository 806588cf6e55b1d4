import type { Route } from '../../src/api/route.ts'
import type { Write } from '../../src/authority/ports.ts'
import type { AlertPolicy, Webhook } from '../../src/domain/alert.ts'
import type { Application } from '../../src/domain/application.ts'
import { accountResource, type Grant, type Permission, permissionGroups, userResource } from '../../src/domain/permission.ts'
import type { Policy, RuleSet } from '../../src/domain/policy.ts'
import type { ApiToken, Owner } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { Scope } from '../../src/domain/service-token.ts'
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
const exampleHost = 'orders.example.com'
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

  const newUuid = (letter: string) => newId(letter).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const times = { createdAt: 0, updatedAt: 0, revision: 0 }
  const rules: RuleSet = { include: [{ kind: 'everyone' }], require: [], exclude: [] }
  /** The own policy of each application. */
  const ownPolicies = new Map<string, string>()

  /** A host that no application answers for, in a zone one of that zone's. */
  async function newHost({ zoneId }: Pick<Scope, 'zoneId'>): Promise<string> {
    const zone = zoneId === null ? undefined : await api.db.selectFrom('zone').select('name').where('id', '=', zoneId).executeTakeFirst()
    return `${newId('h')}.${zone?.name ?? 'example'}`
  }

  /** With one policy of its own. */
  async function application(scope: Scope): Promise<string> {
    const [id, policyId, domain] = [newUuid('d'), newUuid('e'), await newHost(scope)]
    const settings = { originUrl: null, sessionDuration: null, asksForCredentials: false, tokenHeader: null }
    const application: Application = {
      ...{ id, ...scope, name: id, domain, destinations: [domain], audience: newId('a').repeat(2), ...settings },
      ...{ policies: [{ policyId, precedence: 1 }], ...times },
    }
    ownPolicies.set(id, policyId)
    await api.insert({ kind: 'application', before: null, after: application }, aPolicy(policyId, scope, id))
    return id
  }

  function aPolicy(id: string, scope: Scope, applicationId: string | null): Write {
    const after: Policy = { id, ...scope, applicationId, name: id, decision: 'bypass', sessionDuration: null, ...rules, ...times }
    return { kind: 'policy', before: null, after }
  }

  /** Of the alerts of an account. */
  async function webhook({ accountId }: Tenant): Promise<string> {
    const id = newId('9')
    const after: Webhook = { id, accountId, name: id, url: 'https://alerts.example.com/', sealedSecret: null, ...times }
    return inserted(id, { kind: 'webhook', before: null, after })
  }

  async function alertPolicy(tenant: Tenant): Promise<string> {
    const { accountId } = tenant
    const id = newId('8')
    const told = { webhookIds: [await webhook(tenant)], tokenIds: null }
    const after: AlertPolicy = { id, accountId, name: id, description: '', enabled: true, ...told, ...times }
    return inserted(id, { kind: 'alert_policy', before: null, after })
  }

  async function inserted(id: string, write: Write): Promise<string> {
    await api.insert(write)
    return id
  }

  /** Something new that a part of a path can name. `above` is the path up to there. */
  async function thing(parameter: string, path: string, tenant: Tenant, above: string): Promise<string> {
    const scope = { accountId: tenant.accountId, zoneId: path.startsWith('/zones/') ? tenant.zoneId : null }
    const [, ofApplication] = /\/apps\/([^/]+)\/policies$/.exec(above) ?? []
    const id = newUuid('f')
    if (parameter === 'service_token_id') return serviceToken(path)
    if (parameter === 'app_id') return application(scope)
    if (parameter === 'webhook_id') return webhook(tenant)
    if (parameter === 'policy_id' && above.endsWith('/alerting/v3/policies')) return alertPolicy(tenant)
    if (parameter === 'policy_id') return ownPolicies.get(ofApplication ?? '') ?? inserted(id, aPolicy(id, scope, null))
    if (parameter === 'group_id')
      return inserted(id, { kind: 'group', before: null, after: { id, ...scope, name: id, ...rules, ...times } })
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
            path,
          )}`
      }
      const needed = (query?.required ?? []).map((name) => `${name}=${neededQueries[name] ?? missing(name)}`)
      const [example] = (body as { readonly examples?: readonly unknown[] } | undefined)?.examples ?? []
      const host = await newHost({ zoneId: pattern.startsWith('/zones/:zone_id') ? tenant.zoneId : null })
      const text = JSON.stringify(example ?? {})
        .replaceAll(exampleAccountId, tenant.accountId)
        .replaceAll(exampleHost, host)
        // An auth domain belongs to one account.
        .replaceAll('"access.example.com"', JSON.stringify(await newHost({ zoneId: null })))
      const named = JSON.parse(text) as Record<string, unknown>
      if ('token_id' in named) named['token_id'] = await serviceToken(path.split('/').slice(0, 3).join('/'))
      if ('mechanisms' in named) named['mechanisms'] = { webhooks: [{ id: await webhook(tenant) }] }
      return { method, path: needed.length > 0 ? `${path}?${needed.join('&')}` : path, ...(body && { body: named }) }
    },
  }
}

/** A route's path with ids that nobody has, in the form that they have there. */
export function filledIn(path: string): string {
  const [hex, uuid] = ['a'.repeat(32), '00000000-0000-4000-8000-000000000000']
  return path.includes('/alerting/')
    ? path.replace(/:\w+/g, hex)
    : path.replace(/:(account|zone|token|user)_id/g, hex).replace(/:\w+/g, uuid)
}

export function isDeletionOf(path: string, route: Route): boolean {
  return route.method === 'DELETE' && route.path === path
}

function missing(name: string): never {
  throw new Error(`a route needs a query parameter that this does not know: ${name}`)
}
