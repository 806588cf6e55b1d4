import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Store } from '../authority/ports.ts'
import type { Gate } from './gate.ts'

const mostMsToAnswer = 2_000

/** What stands in the place of a gate in a node that has none. */
export function noGate({ head }: Pick<Store, 'head'>): Gate {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    listen: () => Promise.resolve({ gateUrl: '', extAuthzAddress: undefined }),
    catchUp: () => Promise.resolve(),
    async problems() {
      const late = new Promise((_resolve, reject) => setTimeout(() => reject(new Error('it does not answer')), mostMsToAnswer).unref())
      return Promise.race([head(), late]).then(
        () => [],
        () => ['the database cannot be reached'],
      )
    },
    metrics: { contentType: registry.contentType, text: () => registry.metrics() },
    stopListening: () => Promise.resolve(),
  }
}
