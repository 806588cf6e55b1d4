// fastify 5 with @fastify/jwt as in its readme, RS256 with the public key: the token itself is the credential, nothing is looked up.
import { generateKeyPairSync } from 'node:crypto'
import jwt from '@fastify/jwt'
import createFastify from 'fastify'
import { announce, authorized, credentials } from './announcement.mjs'

const encodings = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings })
const fastify = createFastify()
await fastify.register(jwt, { secret: { private: privateKey, public: publicKey }, sign: { algorithm: 'RS256', expiresIn: '1h' } })
fastify.addHook('onRequest', (request) => request.jwtVerify())
fastify.get('/', (_request, reply) => reply.send())
await fastify.listen({ port: 0, host: '127.0.0.1' })

const tokens = Array.from({ length: credentials }, (_, number) => fastify.jwt.sign({ sub: `client-${number}` }))
const [first = '', second = ''] = tokens
announce({
  port: fastify.addresses()[0].port,
  requests: tokens.map((token) => authorized(`Bearer ${token}`)),
  admitted: { status: 200 },
  // The signature is that of another token.
  refused: { request: authorized(`Bearer ${[...first.split('.').slice(0, 2), second.split('.')[2]].join('.')}`), status: 401 },
})
