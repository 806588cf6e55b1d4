import type { Json } from './schema.ts'

const count = { type: 'integer', minimum: 0 }

const table = {
  CfRay: [
    'cf-ray',
    'The number of this answer, for questions about it. The log has it too.',
    { type: 'string', pattern: '^[0-9a-f]{16}$' },
  ],
  ETag: ['etag', 'The version of what the answer shows, for `If-Match`.', { type: 'string', pattern: '^"[1-9][0-9]*"$' }],
  IdempotentReplayed: [
    'idempotent-replayed',
    'The answer was given before, to a request with the same `Idempotency-Key`; nothing was done again.',
    { type: 'string', const: 'true' },
  ],
  RateLimitLimit: ['x-ratelimit-limit', 'How many requests this credential may make in one window.', count],
  RateLimitRemaining: ['x-ratelimit-remaining', 'How many of them are left.', count],
  RateLimitReset: ['x-ratelimit-reset', 'In how many seconds the next window begins.', count],
  RetryAfter: ['retry-after', 'After how many seconds it is worth trying again.', count],
  Allow: ['allow', 'The methods that this path does have.', { type: 'string' }],
} as const

export type HeaderName = keyof typeof table

/** The headers of a response, by their names in the document. */
export function headers(...names: readonly HeaderName[]): Json {
  return Object.fromEntries(names.map((name) => [table[name][0], { $ref: `#/components/headers/${name}` }]))
}

/** What each of them means. All but `cf-ray` come only where they say something. */
export function describedHeaders(): Json {
  return Object.fromEntries(
    Object.entries(table).map(([name, [, description, schema]]) => [
      name,
      { description, ...((name === 'CfRay' || name === 'Allow') && { required: true }), schema },
    ]),
  )
}
