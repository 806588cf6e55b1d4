import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'
import type { Actor } from '../authority/ports.ts'
import type { ServiceTokens } from '../authority/service-tokens.ts'
import type { Permission } from '../domain/permission.ts'
import type { Scope } from '../domain/service-token.ts'
import type { ResultInfo } from '../wire/envelope.ts'
import { AccountPath, ZonePath } from '../wire/service-token.ts'

/** The use cases that routes call. */
export interface Authority {
  readonly serviceTokens: ServiceTokens
}

/** What a route's handler is given: everything in it has been checked. */
export interface RouteRequest<Params extends TObject, Query extends TObject, Body extends TObject> {
  readonly authority: Authority
  readonly actor: Actor
  /** The account or zone of the path, which the caller may use for the route's permission. */
  readonly scope: Scope
  readonly params: Static<Params>
  readonly query: Static<Query>
  readonly body: Static<Body>
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly info: ResultInfo
}

interface Definition<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/client/v4`. */
  readonly path: string
  readonly permission: Permission
  readonly params: Params
  readonly query?: Query
  readonly body?: Body
  /** 200 where nothing else is said. */
  readonly status?: number
  /** The schema of the envelope's `result`. */
  readonly result: Result
  handle(request: RouteRequest<Params, Query, Body>): Promise<Static<Result> | Page<unknown>>
}

/** One operation of the management API, as data. The server and everything that is said about the API is read from these. */
export type Route = Definition<TObject, TObject, TObject, TSchema>

function route<Params extends TObject, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Definition<Params, Query, Body, Result>,
): Route {
  return definition as unknown as Route
}

/** The same operation on an account and on a zone. `path` begins after the account's or zone's id. */
export function inBothScopes<Params extends TProperties, Query extends TObject, Body extends TObject, Result extends TSchema>(
  definition: Definition<TObject<Params>, Query, Body, Result>,
): readonly Route[] {
  const { path, params } = definition
  return [
    route({
      ...definition,
      path: `/accounts/:account_id${path}`,
      params: Type.Object({ ...AccountPath.properties, ...params.properties }),
    }),
    route({ ...definition, path: `/zones/:zone_id${path}`, params: Type.Object({ ...ZonePath.properties, ...params.properties }) }),
  ]
}
