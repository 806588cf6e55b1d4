import type { Application } from '../domain/application.ts'
import type { Policy } from '../domain/policy.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { isIn } from './journal.ts'
import type { Store } from './ports.ts'

/** By its id or its audience; fails with `application_not_found` for an application of another account or zone. */
export async function findApplication(store: Store, scope: Scope, id: string): Promise<Application> {
  const application = /^[0-9a-f]{64}$/.test(id) ? await store.findByAudience(id) : await store.find('application', id)
  if (application === undefined || !isIn(scope, application)) throw new Failure('application_not_found')
  return application
}

/** Reads the policies of several applications at once, and answers with a way to ask for those of one, in their order. */
export async function policiesOf(
  store: Store,
  applications: readonly Application[],
): Promise<(application: Application) => readonly Policy[]> {
  const ids = applications.flatMap(({ policies }) => policies.map(({ policyId }) => policyId))
  const found = new Map((await store.findEach('policy', ids)).map((policy) => [policy.id, policy]))
  return ({ policies }) => policies.flatMap(({ policyId }) => found.get(policyId) ?? [])
}
