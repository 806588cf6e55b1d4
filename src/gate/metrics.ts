import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock } from '../authority/ports.ts'
import { dayMs } from '../domain/signing-key.ts'
import type { Verdict } from './decide.ts'
import { createDurations } from './durations.ts'
import type { MetricValues } from './metrics-sum.ts'
import type { Replica } from './replica/replica.ts'

/** What the gate counts, in the format of Prometheus. No label holds anything that a client chooses. */
export interface Metrics {
  noteVerdict(verdict: Verdict, tookMs: number): void
  noteBraked(by: 'source' | 'client_id'): void
  /** For a process that adds up those of several. */
  values(): Promise<MetricValues>
  /** The text exposition format, and its content type. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricsDeps {
  readonly replica: Replica
  readonly clock: Clock
  /** Milliseconds since the replica was last known to be up to date. */
  readonly replicaAgeMs: () => number
}

/** Applications that are counted by themselves; those beyond share one label. */
const maxApplications = 1000
const otherApplications = 'other'

/** Seconds. A decision takes microseconds; one that waits for a new assertion to be signed, some milliseconds. */
const buckets = [0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.002_5, 0.01, 0.05, 0.25, 1]

export function createMetrics({ replica, clock, replicaAgeMs }: MetricsDeps): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  /** Outcomes by application, counted in a plain map: what the library does for labels costs more than a decision. */
  const counts = new Map<string, Map<string, number>>()
  new Counter({
    ...{ name: 'postern_gate_decisions_total', help: 'Requests that the gate decided, by application and outcome.', registers },
    labelNames: ['application', 'outcome'] as const,
    collect() {
      this.reset()
      for (const [application, outcomes] of counts) {
        for (const [outcome, count] of outcomes) this.inc({ application, outcome }, count)
      }
    },
  })
  const took = createDurations(registry, 'postern_gate_decision_seconds', 'How long a decision took.', buckets)
  const braked = new Counter({
    ...{ name: 'postern_gate_braked_total', help: 'Refusals beyond the number of wrong secrets that is looked at closely.', registers },
    labelNames: ['by'] as const,
  })
  gauge('postern_gate_replica_age_seconds', 'How old what the gate knows may be.', () => replicaAgeMs() / 1000)
  gauge('postern_gate_service_tokens', 'Service tokens that the gate knows.', () => replica.size)
  gauge('postern_gate_applications', 'Applications that the gate knows.', () => replica.applications.size)
  gauge('postern_signing_key_age_days', 'Age of the oldest key that signs now.', oldestKeyAgeDays)

  function gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      // Of several processes, each of which knows everything.
      aggregator: 'max',
      collect() {
        this.set(value())
      },
    })
  }

  function oldestKeyAgeDays(): number {
    const accounts = new Set([...replica.applications.values()].map(({ accountId }) => accountId))
    const newest = [...accounts].flatMap((accountId) => replica.signingKeysOf(accountId).slice(0, 1))
    return Math.max(0, ...newest.map(({ createdAt }) => (clock.now() - createdAt) / dayMs))
  }

  function outcomesOf(application: string): Map<string, number> {
    const known = counts.get(application)
    if (known !== undefined) return known
    const name = counts.size < maxApplications ? application : otherApplications
    const outcomes = counts.get(name) ?? new Map<string, number>()
    counts.set(name, outcomes)
    return outcomes
  }

  return {
    noteVerdict(verdict, tookMs) {
      const outcomes = outcomesOf(verdict.application?.id ?? 'none')
      const outcome = verdict.admitted ? (verdict.via ?? 'bypass') : verdict.reason
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      took.observe(tookMs / 1000)
    },
    noteBraked: (by) => braked.inc({ by }),
    values: () => registry.getMetricsAsJSON(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
