import type { Metric, Registry } from 'prom-client'

export interface Durations {
  observe(seconds: number): void
}

/** A histogram of one series, without labels. It counts in plain numbers: what the library does for each observation costs more than a decision. */
export function createDurations(registry: Registry, name: string, help: string, buckets: readonly number[]): Durations {
  /** Observations up to each bucket's bound and above the one before; the last ones are above all. */
  const counts = new Float64Array(buckets.length + 1)
  let sum = 0

  function values() {
    let count = 0
    const cumulative = [...buckets, '+Inf'].map((le, at) => {
      count += counts[at] ?? 0
      return { labels: { le }, value: count, metricName: `${name}_bucket` }
    })
    return [...cumulative, { labels: {}, value: sum, metricName: `${name}_sum` }, { labels: {}, value: count, metricName: `${name}_count` }]
  }

  // The library asks nothing else of a metric than this.
  const metric = { name, get: async () => ({ name, help, type: 'histogram', values: values(), aggregator: 'sum' }) }
  registry.registerMetric(metric as unknown as Metric)

  return {
    observe(seconds) {
      let at = 0
      while (at < buckets.length && seconds > (buckets[at] as number)) at++
      counts[at] = (counts[at] as number) + 1
      sum += seconds
    },
  }
}
