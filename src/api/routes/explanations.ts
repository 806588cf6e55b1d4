import { ApplicationPath } from '../../wire/application.ts'
import { ExplainRequest, ExplanationResult } from '../../wire/explanation.ts'
import { inBothScopes, type Route } from '../route.ts'
import { explanationResult } from '../views/explanation.ts'

export const explanationRoutes: readonly Route[] = inBothScopes({
  ...{ method: 'POST', path: '/access/apps/:app_id/explain', permission: 'apps:read' },
  summary: 'Tell what the gate would do with a request to an application, and why',
  ...{ params: ApplicationPath, body: ExplainRequest, result: ExplanationResult, failures: ['application_not_found'] },
  async handle({ authority, scope, params, body: { token_id: tokenId = null, host, path: target = '/', ip: address = '' } }) {
    const request = { tokenId, host: host.toLowerCase(), target, address }
    return { result: explanationResult(await authority.explain(scope, params.app_id, request)) }
  },
})
