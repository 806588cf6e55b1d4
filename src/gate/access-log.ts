import type { Log } from '../authority/ports.ts'
import type { Asked, Verdict } from './decide.ts'

/** Which requests are logged, one line each: none, all, those that were refused, or one in so many. */
export type AccessLogMode = 'off' | 'all' | 'refused' | { readonly oneIn: number }

/** A line about a request at the gate. No header of it, and no query: these may hold secrets. */
export type LogAccess = (asked: Asked, verdict: Verdict, ray: string, tookMs: number) => void

const longestPath = 1000

/** The log of requests for whoever keeps such things in files: `undefined` when it is off, so that nothing is done for it. */
export function createAccessLog(log: Log, mode: AccessLogMode): LogAccess | undefined {
  if (mode === 'off') return undefined
  let count = 0
  return (asked, verdict, ray, tookMs) => {
    if (mode === 'refused' && verdict.admitted) return
    if (typeof mode === 'object' && count++ % mode.oneIn !== 0) return
    log.info(lineFor(asked, verdict, ray, tookMs), verdict.admitted ? 'admitted' : 'refused')
  }
}

function lineFor({ host, method, target, address }: Asked, verdict: Verdict, ray: string, tookMs: number) {
  const query = target.indexOf('?')
  const path = (query === -1 ? target : target.slice(0, query)).slice(0, longestPath)
  return {
    ...{ ray, address, method, host, path, application: verdict.application?.id ?? null, service_token: verdict.token?.id ?? null },
    ...(verdict.admitted
      ? { via: verdict.via ?? 'bypass', policy: verdict.policy.id }
      : { status: verdict.status, reason: verdict.reason }),
    microseconds: Math.round(tookMs * 1000),
  }
}
