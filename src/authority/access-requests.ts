import { type Batch, createBatch } from './batch.ts'
import type { Log, Store } from './ports.ts'
import type { AccessRequest } from './queries.ts'

/** A request as the gate notes it: names are for people, and nothing that the gate knows. */
export type NotedRequest = Omit<AccessRequest, 'serviceTokenName'>

/** Collects what machines asked for. Each is stored with the name that its token has by then; without one where it is gone. */
export function createAccessRequests(store: Pick<Store, 'findEach' | 'recordAccessRequests'>, log: Log): Batch<NotedRequest> {
  async function record(requests: readonly NotedRequest[]): Promise<void> {
    const ids = new Set(requests.flatMap(({ serviceTokenId }) => serviceTokenId ?? []))
    // Without a name a request still says what happened.
    const tokens = await store.findEach('service_token', ids).catch(() => [])
    const names = new Map(tokens.map(({ id, name }) => [id, name]))
    await store.recordAccessRequests(
      requests.map((request) => ({ ...request, serviceTokenName: names.get(request.serviceTokenId ?? '') ?? null })),
    )
  }
  return createBatch(record, { max: 1000, what: "machines' requests", log })
}
