import type { KnownToken } from './replica/token-table.ts'

/** Who remembers something of tokens; each has a place of its own. */
const places = { use: 0, activity: 1, assertion: 2, request: 3 } as const

/** Remembers one thing about each of the tokens asked for lately: kept beside what is known of the token, and forgotten with that as soon as the token changes. */
export interface Recollection<Thing> {
  of(token: KnownToken): Thing | undefined
  keep(token: KnownToken, thing: Thing): void
}

export function createRecollection<Thing>(whose: keyof typeof places): Recollection<Thing> {
  const place = places[whose]
  return {
    of: (token) => token.remembered[place] as Thing | undefined,
    keep(token, thing) {
      token.remembered[place] = thing
    },
  }
}
