import type { Receipt } from '../../authority/gates.ts'
import type { SeenGate } from '../../authority/nodes.ts'
import { formatInstant } from '../../domain/instant.ts'
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

export function receiptResult({ change, isComplete, at, arrivals }: Receipt): ReceiptResult {
  return {
    ...{ complete: isComplete, change, at: formatInstant(at) },
    gates: arrivals.map((arrival) => {
      const { id, name, appliedChange } = arrival.gate
      const endsAt = arrival.status === 'applied' ? null : arrival.leaseEndsAt
      return {
        id,
        name,
        status: arrival.status,
        applied_change: appliedChange,
        lease_ends_at: endsAt === null ? null : formatInstant(endsAt),
      }
    }),
  }
}
