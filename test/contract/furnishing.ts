import { permissionGroups } from '../../src/domain/permission.ts'
import type { Exchange, Role, Scope } from './format.ts'
import type { Memory } from './memory.ts'
import type { ContractServer } from './server.ts'

export type Headers = Readonly<Record<string, string>>

/** Gives each run an account that no other has to do with, and what else the exchange names: a zone, another account, credentials. */
export interface Furnisher {
  /** Notes their names, and answers with the credentials. */
  furnish(memory: Memory, exchange: Exchange, scope: Scope): Promise<Readonly<Record<Role, Headers>>>
  deleteUserToken(id: string): Promise<unknown>
}

interface Named {
  readonly id: string
}

interface Home {
  readonly names: Readonly<Record<string, string | undefined>>
  readonly roles: Readonly<Record<Role, Headers>>
}

export async function createFurnisher({ bootstrap, send }: ContractServer): Promise<Furnisher> {
  const owner = { 'x-auth-email': bootstrap.email, 'x-auth-key': bootstrap.apiKey }
  const user = await make('GET', '/user')
  let count = 0
  let shared: Home | undefined

  async function make<Result = Named>(method: string, path: string, body?: object): Promise<Result> {
    const headers = body === undefined ? owner : { ...owner, 'content-type': 'application/json' }
    const { status, text } = await send({ method, path, headers, body: body && JSON.stringify(body) })
    if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}: ${text}`)
    return (JSON.parse(text) as { result: Result }).result
  }

  const makeZone = (account: Named, name: string) => make('POST', '/zones', { account: { id: account.id }, name })

  /** A token of the account for all that can be done in it, or for all that can be read. */
  function makeToken(account: Named, name: string, isWanted: (group: string) => boolean): Promise<Named & { readonly value: string }> {
    const groups = permissionGroups.filter((group) => group.scope !== 'com.cloudflare.api.user' && isWanted(group.name))
    const resources = { [`com.cloudflare.api.account.${account.id}`]: '*' }
    const policies = [{ effect: 'allow', resources, permission_groups: groups.map(({ id }) => ({ id })) }]
    return make('POST', `/accounts/${account.id}/tokens`, { name, policies })
  }

  /** An account, with a zone, credentials and a neighbour as far as they are wanted: each costs time. */
  async function build(isWanted: (...words: readonly string[]) => boolean): Promise<Home> {
    const number = String(++count).padStart(4, '0')
    const [name, zoneName] = [`Account ${number}`, `zone-${number}.example`]
    const account = await make('POST', '/accounts', { name })
    const zone = isWanted('{zone}', '{zone_name}', '"in":"zones"') ? await makeZone(account, zoneName) : undefined
    const reader = isWanted('"reader"') ? await makeToken(account, 'reader', (group) => group.endsWith(' Read')) : undefined
    const own = isWanted('"account_token"') ? await makeToken(account, 'account_token', () => true) : undefined
    const other = isWanted('other_account', '{other_zone}')
      ? await make('POST', '/accounts', { name: `Another than ${number}` })
      : undefined
    const otherZone = other && isWanted('{other_zone}') ? await makeZone(other, 'another.example') : undefined
    const others = other && isWanted('"other_account"') ? await makeToken(other, 'other_account', () => true) : undefined
    return {
      names: {
        ...{ number, account: account.id, account_name: name, zone: zone?.id, zone_name: zone && zoneName, user: user.id },
        ...{ email: bootstrap.email, api_key: bootstrap.apiKey, api_token: bootstrap.apiToken },
        ...{ account_token_id: own?.id, other_account: other?.id, other_zone: otherZone?.id },
      },
      roles: {
        ...{ owner, nobody: {}, api_token: bearer(bootstrap.apiToken) },
        ...{ reader: bearer(reader?.value), account_token: bearer(own?.value), other_account: bearer(others?.value) },
      },
    }
  }

  return {
    async furnish(memory, exchange, scope) {
      const text = JSON.stringify(exchange).replaceAll('{scope}', `{${scope === 'zones' ? 'zone' : 'account'}}`)
      const isWanted = (...words: readonly string[]) => words.some((word) => text.includes(word))
      // What is refused, with nothing before it, leaves nothing behind: such runs share a home with everything in it.
      const changesNothing = exchange.failure !== undefined && exchange.given === undefined
      if (changesNothing) shared ??= await build(() => true)
      const { names, roles } = changesNothing && shared ? shared : await build(isWanted)
      for (const [name, value] of Object.entries(names)) if (value !== undefined) memory.note(name, value)
      memory.note('scope', { accounts: `accounts/${names['account']}`, zones: `zones/${names['zone']}`, user: 'user' }[scope])
      return roles
    },

    deleteUserToken: (id) => send({ method: 'DELETE', path: `/user/tokens/${id}`, headers: owner }),
  }
}

function bearer(value: string | undefined): Headers {
  return value === undefined ? {} : { authorization: `Bearer ${value}` }
}
