import { setTimeout as sleep } from 'node:timers/promises'
import { machineHeaders } from '../fixtures.ts'
import { send } from '../raw-http.ts'
import type { Node } from './cluster.ts'

export interface Issued {
  readonly id?: string
  readonly client_id?: string
  readonly client_secret?: string
}

type Gate = Pick<Node, 'gateUrl'>

/** What a gate answers to a machine with this token, which asks for a host. */
export async function statusAt({ gateUrl }: Gate, token: Issued, host?: string): Promise<number> {
  const headers = { ...machineHeaders(token), ...(host !== undefined && { Host: host }) }
  return (await send(gateUrl, { path: '/authorize', headers: Object.entries(headers).flat() })).status
}

export interface Asking {
  /** How each of these gates answered what was sent to it after a moment of `performance.now()`: every status once, `0` for none. */
  sentAfter(ms: number): readonly (readonly number[])[]
  stop(): Promise<void>
}

/** Asks each gate again and again with one token, until it is told to stop. */
export function startAsking(gates: readonly Gate[], token: Issued, host?: string): Asking {
  const answers = gates.map((): { readonly sentAtMs: number; readonly status: number }[] => [])
  let isOver = false
  async function ask(gate: Gate, index: number): Promise<void> {
    while (!isOver) {
      const sentAtMs = performance.now()
      const status = await statusAt(gate, token, host).catch(() => 0)
      answers[index]?.push({ sentAtMs, status })
      await sleep(2)
    }
  }
  const lanes = gates.flatMap((gate, index) => [ask(gate, index), ask(gate, index)])
  return {
    sentAfter: (ms) => answers.map((all) => [...new Set(all.filter(({ sentAtMs }) => sentAtMs > ms).map(({ status }) => status))].sort()),
    async stop() {
      isOver = true
      await Promise.all(lanes)
    },
  }
}
