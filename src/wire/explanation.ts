import { type Static, Type } from 'typebox'
import { printable } from './fields.ts'
import { Uuid } from './identifiers.ts'

// What would become of a request at the gate, and why. Our own: Cloudflare Access has nothing like it for machines.

const nameless = { minLength: 1, maxLength: 253, pattern: '^(?:[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*|\\[[0-9a-fA-F:.]+\\])$' }
const aPath = { maxLength: 8192, pattern: '^/[^\\p{Cc}\\p{Cs}]*$' }

export const ExplainRequest = Type.Object(
  {
    token_id: Type.Optional(Type.Union([Uuid, Type.Null()], { description: 'the UUID of a service token, or null for a request without' })),
    host: Type.String({ ...nameless, description: 'a host name without port, such as api.example.com' }),
    path: Type.Optional(Type.String({ ...aPath, description: 'a path that begins with /, with or without a query' })),
    ip: Type.Optional(Type.String({ maxLength: 45, pattern: printable, description: 'an IPv4 or IPv6 address' })),
  },
  {
    additionalProperties: false,
    examples: [{ token_id: '3537a672-e4d8-4d89-aab9-26cb622918a1', host: 'api.example.com', path: '/v1/orders', ip: '198.51.100.7' }],
  },
)

const Decision = Type.Enum(['allow', 'deny', 'non_identity', 'bypass'])
const reasons = [
  ...(['admitted', 'no_credentials', 'disabled', 'expired', 'wrong_scope', 'denied', 'no_policy'] as const),
  ...(['no_application', 'other_application', 'ambiguous_path'] as const),
]

export const ExplanationResult = Type.Object(
  {
    allowed: Type.Boolean(),
    status: Type.Integer(),
    reason: Type.Enum(reasons),
    message: Type.String(),
    policy: Type.Union([Type.Object({ id: Uuid, name: Type.String(), decision: Decision }), Type.Null()]),
    other_application: Type.Optional(Type.Object({ id: Uuid, name: Type.String() })),
    policies: Type.Array(
      Type.Object({ id: Uuid, name: Type.String(), decision: Decision, applies: Type.Boolean(), message: Type.String() }),
    ),
  },
  {
    examples: [
      {
        ...{
          allowed: false,
          status: 403,
          reason: 'no_policy',
          message: 'No policy of the application lets this request in.',
          policy: null,
        },
        policies: [
          {
            ...{ id: '6f1d3c4e-0b5a-4c7e-9a51-2f60d5a9c3b7', name: 'CI from the office', decision: 'non_identity', applies: false },
            message: 'It requires {"ip":{"ip":"203.0.113.0/24"}}, which does not hold.',
          },
        ],
      },
    ],
  },
)

export type ExplanationResult = Static<typeof ExplanationResult>
