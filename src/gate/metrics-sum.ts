import { AggregatorRegistry, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** What a process has counted, as it can be sent to another. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** What several processes count, as if they were one: counters are added up, and the gauges say themselves what becomes of several. */
export interface MetricsSum {
  /** The latest of one of them. */
  note(process: object, values: MetricValues): void
  /** It has ended. What it has counted stays counted, so that no sum ever goes down. */
  keep(process: object): void
  /** With the figures of this process itself. */
  text(): Promise<string>
  readonly contentType: string
}

/** @param workers how many gate workers answer now. */
export function createMetricsSum(workers: () => number): MetricsSum {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    ...{ name: 'postern_gate_workers', help: 'Processes of the gate that answer.', registers: [registry] },
    collect() {
      this.set(workers())
    },
  })
  const latest = new Map<object, MetricValues>()
  let ended: MetricValues = []

  return {
    note: (process, values) => void latest.set(process, values),
    keep(process) {
      const counted = (latest.get(process) ?? []).filter(isCounted)
      latest.delete(process)
      // They hold their values, though the library's types do not say so.
      ended = AggregatorRegistry.aggregate([ended, counted]).getMetricsAsArray() as MetricValues
    },
    async text() {
      // In this order: of what only one can tell, such as the version of Node, the first is taken.
      const all = [await registry.getMetricsAsJSON(), ...latest.values(), ended]
      return AggregatorRegistry.aggregate(all).metrics()
    },
    contentType: registry.contentType,
  }
}

/** Not what is so at a moment. The library's types have numbers for these names, and no number is ever there. */
function isCounted({ type }: MetricValues[number]): boolean {
  return ['counter', 'histogram'].includes(String(type))
}
