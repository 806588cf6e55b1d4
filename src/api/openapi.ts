import manifest from '../../package.json' with { type: 'json' }
import { describedHeaders } from './openapi/headers.ts'
import { namedParameters, operationOf } from './openapi/operation.ts'
import { refusalResponses } from './openapi/refusals.ts'
import { type Json, namedSchemas } from './openapi/schema.ts'
import type { Route } from './route.ts'
import { resources, routes } from './routes.ts'

const description = `The management API of Postern. It speaks Cloudflare's v4 API, so the official clients work with it.

- **Every answer is an envelope**: what was asked for in \`result\`, or a refusal in \`errors\` with \`success: false\`.
- **Signing in** is by an API token (\`Authorization: Bearer …\`) or by e-mail address and key (\`X-Auth-Email\` and \`X-Auth-Key\`).
- **HEAD** answers as GET does, without the body. **OPTIONS** lists the methods of a path.
- **Any other path** answers 404 with 7003, any other method 405 with 10405.
- **Results may gain fields.** Ignore those that you do not know.
- **Query parameters that are not listed** have no effect, or are refused where that would show more than was asked for.`

/** The management API as an OpenAPI 3.1 document, made of the same list from which the server answers. */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.1',
    info: { title: 'Postern', version: manifest.version, description, license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/client/v4', description: 'This server' }],
    tags: Object.keys(resources).map((name) => ({ name })),
    paths: paths(),
    components: {
      schemas: { ...namedSchemas(), ErrorItem, Refusal },
      responses: refusalResponses(routes),
      parameters: namedParameters,
      headers: describedHeaders(),
      securitySchemes: {
        api_token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
        api_email: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Email',
          description: 'The e-mail address of a user, together with their key.',
        },
        api_key: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Key',
          description: 'The key of a user, together with their e-mail address.',
        },
      },
    },
  }
}

function paths(): Json {
  const found: Record<string, Record<string, Json>> = {}
  for (const [tag, ofTag] of Object.entries(resources)) {
    for (const route of ofTag) {
      const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
      found[path] = { ...found[path], [route.method.toLowerCase()]: operationOf(route, tag, isVersioned(route)) }
    }
  }
  return found
}

/** What can be changed on a condition is shown with its version, by every route that shows it. */
function isVersioned({ method, result }: Route): boolean {
  return method !== 'DELETE' && routes.some((other) => other.isConditional && other.result === result)
}

const code = { type: 'integer', description: 'What is wrong. The text beside it may change, the number does not.' }
const message = { type: 'string', description: 'What is wrong, and where possible what would be right.' }

const ErrorItem: Json = {
  type: 'object',
  required: ['code', 'message'],
  properties: {
    ...{ code, message },
    source: {
      type: 'object',
      description: 'Where in the body it is wrong.',
      required: ['pointer'],
      properties: { pointer: { type: 'string', description: 'A JSON pointer (RFC 6901).' } },
    },
    error_chain: {
      type: 'array',
      description: 'What it comes from.',
      items: { type: 'object', required: ['code', 'message'], properties: { code, message } },
    },
  },
}

const Refusal: Json = {
  type: 'object',
  required: ['result', 'success', 'errors', 'messages'],
  properties: {
    result: { type: 'null' },
    success: { type: 'boolean', const: false },
    errors: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/ErrorItem' } },
    messages: { type: 'array', items: { $ref: '#/components/schemas/ErrorItem' } },
  },
}
