import { describe, expect, test } from 'vitest'
import { answerFor } from '../../src/api/failures.ts'
import { routes } from '../../src/api/routes.ts'
import type { FailureCode } from '../../src/authority/failure.ts'
import { readExchanges } from './format.ts'
import { asked } from './operations.ts'

const exchanges = readExchanges()

test('every operation of the API is recorded with an answer, and with a refusal', () => {
  const all = routes.map(({ method, path }) => `${method} ${path}`)
  expect(all.length).toBeGreaterThan(30)
  for (const isRefusal of [false, true]) {
    const of = asked(exchanges).filter(({ exchange }) => (exchange.failure !== undefined) === isRefusal)
    const recorded = new Set(of.map(({ route }) => `${route.method} ${route.path}`))
    expect(all.filter((operation) => !recorded.has(operation))).toEqual([])
  }
})

/** Does not compile when a failure is missing. */
const failures: { readonly [Code in FailureCode]: 'recorded' | { readonly notRecorded: string } } = {
  ...{ invalid_request: 'recorded', invalid_query: 'recorded', invalid_header: 'recorded' },
  ...{ application_not_found: 'recorded', policy_not_found: 'recorded', group_not_found: 'recorded', application_exists: 'recorded' },
  ...{ service_token_in_use: 'recorded', in_use: 'recorded', webhook_not_found: 'recorded', alert_policy_not_found: 'recorded' },
  ...{ service_token_not_found: 'recorded', api_token_not_found: 'recorded', too_many_service_tokens: 'recorded' },
  ...{ zone_exists: 'recorded', not_empty: 'recorded', last_way_in: 'recorded', changed_meanwhile: 'recorded' },
  ...{ missing_credentials: 'recorded', malformed_authorization: 'recorded', not_authenticated: 'recorded' },
  ...{ invalid_api_token: 'recorded', wrong_location: 'recorded', too_many_failures: 'recorded', not_permitted: 'recorded' },
  ...{ exceeds_maker: 'recorded', too_many_requests: 'recorded', no_route: 'recorded', method_not_allowed: 'recorded' },
  ...{ request_too_large: 'recorded', headers_too_large: 'recorded' },
  request_timeout: { notRecorded: 'an exchange cannot be slow; see test/e2e/api-broken-requests.test.ts' },
  unavailable: { notRecorded: 'no exchange takes the database away; see test/nodes/failures.test.ts' },
  malformed_request: { notRecorded: 'no HTTP client can send it; see test/e2e/api-broken-requests.test.ts' },
}

test('every failure is recorded, but those that no exchange can bring about', () => {
  const wanted = Object.entries(failures).flatMap(([code, recorded]) => (recorded === 'recorded' ? [code] : []))
  expect([...new Set(exchanges.flatMap(({ failure }) => failure ?? []))].toSorted()).toEqual(wanted.toSorted())
})

describe('a refusal is recorded with the status and the number of its failure', () => {
  const refusals = exchanges.filter(({ failure }) => failure !== undefined)
  test.each([...new Set(refusals.map(({ failure }) => failure))])('%s', (failure) => {
    const { status, code } = answerFor(failure as FailureCode)
    for (const { file, expect: expected } of refusals.filter((exchange) => exchange.failure === failure)) {
      const errors = (expected.body as { readonly errors?: readonly { readonly code: number }[] } | undefined)?.errors
      expect({ file, status: expected.status, code: errors?.[0]?.code }).toEqual({ file, status, code })
    }
  })
})

test('no two exchanges say the same about the same operation', () => {
  const texts = exchanges.map(({ file, about }) => `${file.split('/').slice(0, -1).join('/')}: ${about}`)
  expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
})
