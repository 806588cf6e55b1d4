import type { FastifyInstance } from 'fastify'

export interface HealthDeps {
  /** What keeps this process from doing its work, in words; nothing when it is ready. */
  readonly problems: () => Promise<readonly string[]>
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
}

/** `/livez`: the process answers. `/readyz`: it can do its work; if not, 503 and what is wrong. `/metrics`: what it counts, for Prometheus. */
export function registerHealth(server: FastifyInstance, { problems, metrics }: HealthDeps): void {
  server.get('/livez', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const found = await problems()
    return reply.code(found.length === 0 ? 200 : 503).send({ status: found.length === 0 ? 'ok' : 'not ready', problems: found })
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
}
