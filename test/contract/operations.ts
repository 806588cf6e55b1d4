import type { Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/routes.ts'
import { type Exchange, runsOf, type Scope } from './format.ts'

const inScope = { accounts: 'accounts/{account}', zones: 'zones/{zone}', user: 'user' } as const

/** The route that an exchange asks in a scope; none where its path or method leads nowhere. */
function routeOf({ request }: Exchange, scope: Scope): Route | undefined {
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const [path = ''] = request.path.replace('{scope}', inScope[scope]).split('?')
  const fitting = routes.filter((route) => route.method === method && fits(route.path, path))
  // `/tokens/verify` is no token's id.
  return fitting.toSorted((one, other) => parameters(one.path) - parameters(other.path))[0]
}

/** Every route that is asked, with the exchange and the scope. */
export function asked(exchanges: readonly Exchange[]) {
  return exchanges.flatMap((exchange) =>
    runsOf(exchange).flatMap((scope) => {
      const route = routeOf(exchange, scope)
      return route === undefined ? [] : [{ route, exchange, scope }]
    }),
  )
}

function fits(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith(':') || part === given[index])
}

function parameters(pattern: string): number {
  return pattern.split('/').filter((part) => part.startsWith(':')).length
}
