// The floor of an API for such requests: Fastify with a schema for the body and an answer of the same size, but no database, no sign-in and no token.
import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'

const server = Fastify()
const properties = { name: { type: 'string', minLength: 1, maxLength: 255 }, duration: { type: 'string', maxLength: 100 } }
const body = { type: 'object', required: ['name'], additionalProperties: false, properties }
server.post('/client/v4/accounts/:account_id/access/service_tokens', { schema: { body } }, async (request, reply) => {
  const { name, duration } = request.body
  const at = new Date().toISOString()
  const result = { id: randomUUID(), client_id: `${'0'.repeat(32)}.access`, name, enabled: true, duration, client_secret_version: 1 }
  reply.code(201).header('etag', '"1"')
  const secret = `pst_${'0'.repeat(48)}`
  return {
    result: { ...result, created_at: at, updated_at: at, expires_at: at, client_secret: secret },
    success: true,
    errors: [],
    messages: [],
  }
})
console.log(`ready at ${await server.listen({ host: '127.0.0.1', port: 0 })}`)
