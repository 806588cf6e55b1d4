import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import manifest from '../../package.json' with { type: 'json' }
import type { Send } from '../authority/alerts.ts'
import { flawOf } from '../domain/webhook-address.ts'

/** From looking the name up to the end of the answer. */
const timeoutMs = 10_000
/** Of an answer that says more, the rest is not read. */
const mostAnswerBytes = 65_536
const mostHeaderBytes = 16_384

const outOfReachCode = 'OUT_OF_REACH'

export interface WebhookSender {
  readonly send: Send
  close(): Promise<void>
}

/**
 * Posts messages to webhooks: without redirects, and to no address that it may not reach, whatever name leads there. What the receiver answers counts by its
 * status alone.
 */
export function createWebhookSender(mayReach: (address: string) => boolean, lookUp: LookupFunction): WebhookSender {
  // Connections are not kept: each address is looked up, and looked at, for the message that goes there.
  const agent = new Agent({
    ...{ pipelining: 0, maxHeaderSize: mostHeaderBytes },
    connect: { timeout: timeoutMs, lookup: lookUpWithin(mayReach, lookUp) },
  })

  return {
    async send({ url, secret, body }, signal) {
      // Addresses are not looked up, and what may be reached is another thing after a restart.
      if (flawOf(url, mayReach) !== undefined) return outOfReach
      const limit = limitOf(signal)
      try {
        const answer = await request(url, {
          ...{ method: 'POST', dispatcher: agent, body, signal: limit.signal },
          headers: {
            ...{ 'content-type': 'application/json', 'user-agent': `postern/${manifest.version}` },
            ...(secret !== null && { 'cf-webhook-auth': secret }),
          },
        })
        // What it has answered it has answered, however that goes on.
        await answer.body.dump({ limit: mostAnswerBytes, signal: limit.signal }).catch(() => undefined)
        return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `the answer was ${answer.statusCode}`
      } catch (error) {
        return limit.isOver() ? `there was no answer within ${timeoutMs / 1000} seconds` : reasonOf(error)
      } finally {
        limit.lift()
      }
    },
    close: () => agent.destroy(),
  }
}

/** As `lookUp`, but of the addresses that may be reached; fails where a name has none. */
function lookUpWithin(mayReach: (address: string) => boolean, lookUp: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null || typeof addresses === 'string') return callback(error, '')
      const within = addresses.filter(({ address }) => mayReach(address))
      const [first] = within
      if (first === undefined) return callback(Object.assign(new Error(outOfReach), { code: outOfReachCode }), '')
      if (options.all === true) callback(null, within)
      else callback(null, first.address, first.family)
    })
  }
}

const outOfReach = 'the address may not be reached'

/** No more than its kind: what a receiver says is not for the log. */
function reasonOf(error: unknown): string {
  const { name, code, cause } = error as { readonly name?: string; readonly code?: string; readonly cause?: { readonly code?: string } }
  const kind = cause?.code ?? code ?? name ?? 'unknown'
  return kind === outOfReachCode ? outOfReach : `the connection failed (${kind})`
}

/** Aborts when `signal` does, and when the time is up. By hand, as Node 20 may collect what `AbortSignal.any` holds, and never abort then. */
function limitOf(signal: AbortSignal) {
  const ending = new AbortController()
  const end = () => ending.abort()
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    end()
  }, timeoutMs)
  if (signal.aborted) end()
  else signal.addEventListener('abort', end)
  return {
    signal: ending.signal,
    isOver: () => isOver,
    lift() {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    },
  }
}
