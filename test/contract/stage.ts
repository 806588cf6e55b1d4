import type { Exchange, Request, Scope } from './format.ts'
import { createFurnisher, type Headers } from './furnishing.ts'
import { createMemory, type Memory } from './memory.ts'
import type { ContractServer, Received } from './server.ts'

/** The place of one run: an account of its own. */
export interface Stage {
  readonly memory: Memory
  /** Sends a request with the names in it filled in. */
  ask(request: Request): Promise<Received>
  /** Takes away what lies outside of the account. */
  clear(): Promise<void>
}

/** Longer than the window of any limit. */
const betweenRunsMs = 600_000

export async function createStages(server: ContractServer): Promise<{ set(exchange: Exchange, scope: Scope): Promise<Stage> }> {
  const { clock, send } = server
  const furnisher = await createFurnisher(server)

  return {
    async set(exchange, scope) {
      clock.advance(betweenRunsMs)
      const memory = createMemory(clock.now)
      const roles = await furnisher.furnish(memory, exchange, scope)
      // There is one user for all runs.
      const userTokens = new Set<string>()
      return {
        memory,
        async ask({ method, path: template, credentials = 'api_token', headers = {}, body }) {
          const path = memory.expandText(template)
          const signIn = typeof credentials === 'string' ? roles[credentials] : credentials
          const { contentType, text } = bodyOf(memory.expand(body))
          const answer = await send({
            method,
            path,
            headers: memory.expand({ ...contentType, ...signIn, ...headers }) as Headers,
            body: text,
          })
          if (method === 'POST' && path === '/user/tokens' && answer.status < 300) {
            userTokens.add((JSON.parse(answer.text) as { result: { id: string } }).result.id)
          }
          return answer
        },
        async clear() {
          for (const id of userTokens) await furnisher.deleteUserToken(id)
        },
      }
    },
  }
}

function bodyOf(body: unknown): { readonly contentType: Headers; readonly text: string | undefined } {
  if (body === undefined) return { contentType: {}, text: undefined }
  if (typeof body === 'object' && body !== null && 'raw' in body) return { contentType: {}, text: String(body.raw) }
  return { contentType: { 'content-type': 'application/json' }, text: JSON.stringify(body) }
}
