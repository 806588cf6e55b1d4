// fastify 5 with @fastify/bearer-auth as in its readme: the keys are a set in memory. It compares a key with one after another.
import bearerAuth from '@fastify/bearer-auth'
import createFastify from 'fastify'
import { announce, authorized, credentials } from './announcement.mjs'
import { newSecrets } from './secrets.mjs'

const keys = newSecrets(credentials)
const fastify = createFastify()
await fastify.register(bearerAuth, { keys: new Set(keys) })
fastify.get('/', (_request, reply) => reply.send())
await fastify.listen({ port: 0, host: '127.0.0.1' })
announce({
  port: fastify.addresses()[0].port,
  requests: keys.map((key) => authorized(`Bearer ${key}`)),
  admitted: { status: 200 },
  refused: { request: authorized(`Bearer ${newSecrets(1)[0]}`), status: 401 },
})
