import { type KnownToken, places } from './replica/token-table.ts'

/** Remembers one thing about each of the tokens asked for lately: found by a number, and forgotten as soon as the token changes. */
export interface Recollection<Thing extends { readonly token: KnownToken }> {
  of(token: KnownToken): Thing | undefined
  keep(thing: Thing): void
}

export function createRecollection<Thing extends { readonly token: KnownToken }>(): Recollection<Thing> {
  const things = new Array<Thing | undefined>(places).fill(undefined)
  return {
    of(token) {
      const thing = things[token.place]
      return thing?.token === token ? thing : undefined
    },
    keep(thing) {
      things[thing.token.place] = thing
    },
  }
}
