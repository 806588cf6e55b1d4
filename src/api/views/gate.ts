import type { Receipt } from '../../authority/gates.ts'
import type { SeenGate } from '../../authority/nodes.ts'
import { formatInstant, type Instant } from '../../domain/instant.ts'
import { isLive } from '../../domain/revocation.ts'
import type { GateResult, ReceiptResult } from '../../wire/gate.ts'

export function gateResult(gate: SeenGate, head: number): GateResult {
  return {
    ...{ id: gate.id, name: gate.name, role: gate.role, version: gate.version, status: isLive(gate) ? 'live' : 'silent' },
    ...{ started_at: formatInstant(gate.startedAt), reported_at: formatInstant(gate.reportedAt) },
    ...{ applied_change: gate.appliedChange, behind_changes: Math.max(0, head - gate.appliedChange) },
    ...{ confirmed_age_ms: gate.confirmedAgeMs, staleness_budget_ms: gate.stalenessBudgetMs, on_stale: gate.onStale },
  }
}

/** To the millisecond: a lease that ends at a cut second would have ended too early. */
function exactly(instant: Instant | null): string | null {
  return instant === null ? null : new Date(instant).toISOString()
}

export function receiptResult({ change, isComplete, at, arrivals }: Receipt): ReceiptResult {
  return {
    ...{ complete: isComplete, change, at: new Date(at).toISOString() },
    gates: arrivals.map((arrival) => {
      const { id, name, appliedChange } = arrival.gate
      return {
        id,
        name,
        status: arrival.status,
        applied_change: appliedChange,
        applied_at: exactly(arrival.appliedAt),
        lease_ends_at: exactly(arrival.status === 'applied' ? null : arrival.leaseEndsAt),
      }
    }),
  }
}
