import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'
import type { Authority } from '../authority/authority.ts'
import type { FailureCode } from '../authority/failure.ts'
import type { Terms } from '../authority/service-tokens.ts'
import type { Caller, Credentials } from '../authority/sign-in.ts'
import type { Instant } from '../domain/instant.ts'
import type { Permission } from '../domain/permission.ts'
import type { Owner } from '../domain/principal.ts'
import type { Scope } from '../domain/service-token.ts'
import { AccountPath, ZonePath } from '../wire/service-token.ts'

/** Where a route works: in an account or zone, on what belongs to the caller, or nowhere in particular. */
export type Ground = { readonly scope: Scope } | { readonly owner: Owner } | { readonly presented: Credentials } | Record<never, never>

/** What a route's handler is given: everything in it has been checked, and the caller has the route's permission. */
export type RouteRequest<Params extends TObject, Query extends TObject, Body extends TObject, On extends Ground> = On & {
  readonly authority: Authority
  readonly caller: Caller
  readonly params: Static<Params>
  readonly query: Static<Query>
  readonly body: Static<Body>
  readonly terms: Terms
  readonly now: Instant
}

export interface Answer<Result> {
  readonly result: Result
  /** `result_info`, beside a part of a list. */
  readonly info?: object
  /** The version of the thing that the answer shows; it becomes the `ETag`. */
  readonly revision?: number
  /** The answer was given before, to the same request. */
  readonly isRepeated?: true | undefined
}

interface Definition<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema, On extends Ground> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/client/v4`. */
  readonly path: string
  /** What it does, as a command: "Rotate a service token". */
  readonly summary: string
  /** `signed_in`: the answer holds only what the caller may see. `itself`: about the credential that the request presents, be it good or not. */
  readonly permission: Permission | 'signed_in' | 'itself'
  readonly params: Params
  readonly query?: Query
  readonly body?: Body
  /** 200 where nothing else is said. */
  readonly status?: 201 | 202
  /** The schema of the envelope's `result`. */
  readonly result: Result
  /** The schema of the envelope's `result_info`. */
  readonly info?: TSchema
  /** In what ways it may be refused, besides those of every route. */
  readonly failures?: readonly FailureCode[]
  /** Takes `If-Match`. */
  readonly isConditional?: true
  /** Takes `Idempotency-Key`. */
  readonly isRepeatable?: true
  handle(request: RouteRequest<Params, Query, Body, On>): Promise<Answer<Static<Result>>>
}

/** One operation of the management API, as data. The server, the document and the tests read the same list. */
export type Route = Definition<TObject, TObject, TObject, TSchema, Ground>

function route<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema, On extends Ground>(
  definition: Definition<Params, Query, Body, Result, On>,
): Route {
  return definition as unknown as Route
}

type InScope<
  Params extends TProperties,
  Query extends TObject,
  Body extends TObject,
  Result extends TSchema,
  On extends Ground,
> = Definition<TObject<Params>, Query, Body, Result, On>

/** An operation in an account. `path` begins after the account's id. */
export function inAccount<Params extends TProperties, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: InScope<Params, Query, Body, Result, { readonly scope: Scope }>,
): Route {
  const params = Type.Object({ ...AccountPath.properties, ...definition.params.properties })
  return route({ ...definition, path: `/accounts/:account_id${definition.path}`, params })
}

/** An operation in a zone. `path` begins after the zone's id. */
export function inZone<Params extends TProperties, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: InScope<Params, Query, Body, Result, { readonly scope: Scope }>,
): Route {
  const params = Type.Object({ ...ZonePath.properties, ...definition.params.properties })
  return route({ ...definition, path: `/zones/:zone_id${definition.path}`, params })
}

/** The same operation in an account and in a zone. */
export function inBothScopes<Params extends TProperties, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: InScope<Params, Query, Body, Result, { readonly scope: Scope }>,
): readonly Route[] {
  return [inAccount(definition), inZone(definition)]
}

/** An operation on what belongs to the signed-in user. `path` begins after `/user`. */
export function forUser<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Definition<Params, Query, Body, Result, { readonly owner: Owner }>,
): Route {
  return route({ ...definition, path: `/user${definition.path}` })
}

/** The same operation on what belongs to the signed-in user, and on what belongs to an account. */
export function forOwners<Params extends TProperties, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Omit<InScope<Params, Query, Body, Result, { readonly owner: Owner }>, 'permission'> & {
    readonly permission: 'read' | 'write'
  },
): readonly Route[] {
  const { permission, handle } = definition
  return [
    forUser({ ...definition, permission: `user_tokens:${permission}` }),
    inAccount({
      ...{ ...definition, permission: `account_tokens:${permission}` },
      handle: ({ scope, ...request }) => handle({ ...request, owner: { userId: null, accountId: scope.accountId } } as never),
    }),
  ]
}

/** An operation for everyone who has signed in. */
export function forAnyone<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Omit<Definition<Params, Query, Body, Result, Record<never, never>>, 'permission'>,
): Route {
  return route({ ...definition, permission: 'signed_in' })
}

/** An operation on the API token that the request presents. */
export function onItself<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Omit<Definition<Params, Query, Body, Result, { readonly presented: Credentials }>, 'permission'>,
): Route {
  return route({ ...definition, permission: 'itself' })
}

/** Whether a route changes what gates act on, so that it can be waited for until they do. */
export function reachesGates({ method, path }: Pick<Route, 'method' | 'path'>): boolean {
  return method !== 'GET' && path.includes('/access/') && !path.endsWith('/explain')
}

/** `/accounts`, `/zones`, `/user`: for whom a route works, by the beginning of its path. */
export function groundOf({ path, permission }: Pick<Route, 'path' | 'permission'>): 'account' | 'zone' | 'user' | 'none' {
  if (permission === 'signed_in' || permission === 'itself') return 'none'
  if (path.startsWith('/accounts/:account_id')) return 'account'
  if (path.startsWith('/zones/:zone_id')) return 'zone'
  return 'user'
}
