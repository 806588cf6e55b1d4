import type { FastifyInstance } from 'fastify'

/** `/livez`: the process answers. `/readyz`: it can do its work; if not, 503 and what is wrong. */
export function registerHealth(server: FastifyInstance, problems: () => Promise<readonly string[]>): void {
  server.get('/livez', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const found = await problems()
    return reply.code(found.length === 0 ? 200 : 503).send({ status: found.length === 0 ? 'ok' : 'not ready', problems: found })
  })
}
