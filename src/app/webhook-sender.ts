import { type LookupAddress, lookup } from 'node:dns'
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

export interface WebhookSender {
  readonly send: Send
  close(): Promise<void>
}

/**
 * Posts messages to webhooks: without redirects, and to no address that it may not reach, whatever name leads there. What the receiver answers counts by its
 * status alone.
 */
export function createWebhookSender(mayReach: (address: string) => boolean): WebhookSender {
  // Connections are not kept: each address is looked up, and looked at, for the message that goes there.
  const agent = new Agent({
    ...{ pipelining: 0, maxHeaderSize: mostHeaderBytes },
    connect: { timeout: timeoutMs, lookup: lookUpWithin(mayReach) },
  })

  return {
    async send({ url, secret, body }, signal) {
      // Addresses are not looked up, and what may be reached is another thing after a restart.
      if (flawOf(url, mayReach) !== undefined) return 'the address may not be reached'
      try {
        const answer = await request(url, {
          ...{ method: 'POST', dispatcher: agent, body, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
          headers: {
            ...{ 'content-type': 'application/json', 'user-agent': `postern/${manifest.version}` },
            ...(secret !== null && { 'cf-webhook-auth': secret }),
          },
        })
        // What it has answered it has answered, however that goes on.
        await answer.body.dump({ limit: mostAnswerBytes }).catch(() => undefined)
        return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `the answer was ${answer.statusCode}`
      } catch (error) {
        return reasonOf(error)
      }
    },
    close: () => agent.destroy(),
  }
}

/** As `dns.lookup`, but of the addresses that may be reached; fails where a name has none. */
function lookUpWithin(mayReach: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '')
      const within = addresses.filter(({ address }) => mayReach(address))
      const [first] = within
      if (first === undefined) return callback(outOfReach(addresses), '')
      if (options.all === true) callback(null, within)
      else callback(null, first.address, first.family)
    })
  }
}

function outOfReach(addresses: readonly LookupAddress[]): Error {
  return Object.assign(new Error(`${addresses.length} addresses, none of which may be reached`), { code: 'OUT_OF_REACH' })
}

const reasons: Readonly<Record<string, string>> = { OUT_OF_REACH: 'the address may not be reached' }

/** No more than its kind: what a receiver says is not for the log. */
function reasonOf(error: unknown): string {
  const { name, code, cause } = error as {
    readonly name?: string
    readonly code?: string | number
    readonly cause?: { readonly code?: string }
  }
  if (name === 'TimeoutError') return `there was no answer within ${timeoutMs / 1000} seconds`
  const kind = String(cause?.code ?? code ?? name ?? 'unknown')
  return reasons[kind] ?? `the connection failed (${kind})`
}
