import { compile, explain, type Finding, type Judgement } from '../domain/admission.ts'
import type { Application } from '../domain/application.ts'
import { createDirectory } from '../domain/directory.ts'
import type { Policy } from '../domain/policy.ts'
import type { Scope, ServiceToken } from '../domain/service-token.ts'
import { findApplication } from './application-finder.ts'
import { Failure } from './failure.ts'
import { isIn } from './journal.ts'
import type { Organizations } from './organizations.ts'
import { pagesOf } from './pages.ts'
import type { Clock, Store } from './ports.ts'
import { byId } from './rules.ts'

/** A request as somebody imagines it. The token's secret is taken to be the right one. */
export interface ImaginedRequest {
  readonly tokenId: string | null
  readonly host: string
  /** Path and query. */
  readonly target: string
  /** Empty for one that no rule about addresses matches. */
  readonly address: string
}

export type ExplanationReason =
  | 'other_application'
  | 'no_application'
  | 'ambiguous_path'
  | 'disabled'
  | 'expired'
  | 'no_credentials'
  | 'admitted'
  | Extract<Judgement, { admitted: false }>['reason']

/** What the gate would do with a request, and why. */
export interface Explanation {
  readonly status: 200 | 401 | 403
  readonly reason: ExplanationReason
  /** The policy that decides, if one does. */
  readonly policy: Policy | null
  /** The application that answers for the host and path, where it is another one of the same account. */
  readonly otherApplication: Application | null
  /** What each policy of this application says, in the order in which they are asked. */
  readonly findings: readonly Finding[]
}

export interface ExplainDeps {
  readonly store: Store
  readonly organizations: Organizations
  readonly clock: Clock
}

/**
 * Tells what would become of a request to an application. It decides by the same rules as the gate, on what is stored now.
 * Fails with `application_not_found`, and with `invalid_request` for a token that is none of the account's.
 */
export type Explain = (scope: Scope, applicationId: string, request: ImaginedRequest) => Promise<Explanation>

export function createExplain({ store, organizations, clock }: ExplainDeps): Explain {
  /** Which application answers for the request, of all there are: another account's may be in the way. */
  async function answeringFor({ host, target }: ImaginedRequest): Promise<Application | 'ambiguous' | undefined> {
    const all: { readonly application: Application }[] = []
    for await (const page of pagesOf(store, 'application')) for (const application of page) all.push({ application })
    const found = createDirectory(all).find(host, target)
    return found === undefined || found === 'ambiguous' ? found : found.application
  }

  async function tokenOf(scope: Scope, id: string | null): Promise<ServiceToken | null> {
    if (id === null) return null
    const token = await store.find('service_token', id)
    if (token?.accountId !== scope.accountId || (scope.zoneId !== null && token.zoneId !== null && token.zoneId !== scope.zoneId)) {
      throw new Failure('invalid_request', { field: 'token_id', message: 'must be the id of a service token of this account' })
    }
    return token
  }

  return async (scope, applicationId, request) => {
    const application = await findApplication(store, scope, applicationId)
    const token = await tokenOf(application, request.tokenId)
    const policies = byId(
      await store.findEach(
        'policy',
        application.policies.map(({ policyId }) => policyId),
      ),
    )
    const groups = byId(await store.groupsOf(application.accountId))
    const flaw = token === null ? 'no_credentials' : flawOf(token, clock.now())
    const proved = flaw === null ? token : null
    const judgement = compile(application, policies, groups)(proved, request.address)
    const findings = explain(application, policies, groups, proved, request.address)
    const answering = await answeringFor(request)
    const common = { findings, policy: judgement.policy, otherApplication: null }
    if (answering === 'ambiguous') return { ...common, status: 403, reason: 'ambiguous_path' }
    if (answering?.id !== application.id) {
      // Who asks below a zone learns of what is in that zone only.
      const otherApplication = answering !== undefined && isIn(scope, answering) ? answering : null
      return { ...common, otherApplication, status: 403, reason: answering === undefined ? 'no_application' : 'other_application' }
    }
    if (judgement.admitted) return { ...common, status: 200, reason: 'admitted' }
    if (flaw === 'no_credentials') return { ...common, status: application.asksForCredentials ? 401 : 403, reason: flaw }
    const { isStrict } = await organizations.get({ accountId: application.accountId, zoneId: null })
    if (flaw !== null) return { ...common, status: isStrict ? 401 : 403, reason: flaw }
    return { ...common, status: 403, reason: judgement.reason }
  }
}

/** What the gate finds wrong with a token whose secret is right. */
function flawOf(token: ServiceToken, now: number): 'disabled' | 'expired' | null {
  if (!token.enabled) return 'disabled'
  return now >= token.expiresAt ? 'expired' : null
}
