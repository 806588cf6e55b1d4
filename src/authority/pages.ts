import type { Entities, Feed, Kind } from './ports.ts'

/** Entities a read: small enough not to hold the event loop for long. */
const batchSize = 1000

/** All entities of a kind, a page at a time. */
export async function* pagesOf<K extends Kind>(feed: Pick<Feed, 'read'>, kind: K): AsyncGenerator<readonly Entities[K][]> {
  for (let after = ''; ; ) {
    const page = await feed.read(kind, after, batchSize)
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < batchSize) return
    after = last.id
  }
}
