import type { Client } from '../../../src/client/client.ts'
import type { Place } from '../../../src/client/place.ts'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { dayOf } from '../elements/instants.ts'
import { counted, endOf } from './lifetime.ts'

export type BulkAction = 'enable' | 'disable' | 'refresh' | 'delete'

interface Plan {
  /** The button: what it does. */
  readonly verb: string
  /** What it will have done: "3 tokens disabled". */
  readonly done: string
  readonly isDangerous: boolean
  /** Whether it changes anything about this one. */
  readonly concerns: (token: ServiceTokenResult) => boolean
  /** Why it leaves the others alone: "2 are disabled already". */
  readonly others: string
  /** For one token, and for several. */
  readonly consequence: readonly [one: string, several: string]
  readonly run: (client: Client, place: Place, token: ServiceTokenResult) => Promise<unknown>
}

export const plans: { readonly [Action in BulkAction]: Plan } = {
  enable: {
    ...{ verb: 'Enable', done: 'enabled', isDangerous: false, concerns: ({ enabled }) => !enabled, others: 'enabled already' },
    consequence: [
      'The gate lets its secrets in again, unless it has expired.',
      'The gate lets their secrets in again, unless they have expired.',
    ],
    run: (client, place, { id }) => client.serviceTokens.update(place, id, { enabled: true }),
  },
  disable: {
    ...{ verb: 'Disable', done: 'disabled', isDangerous: true, concerns: ({ enabled }) => enabled, others: 'disabled already' },
    consequence: [
      'The gate refuses it from now on. It keeps its secret and can be enabled again.',
      'The gate refuses them from now on. They keep their secrets and can be enabled again.',
    ],
    run: (client, place, { id }) => client.serviceTokens.update(place, id, { enabled: false }),
  },
  refresh: {
    ...{
      verb: 'Refresh',
      done: 'refreshed',
      isDangerous: false,
      concerns: ({ duration }) => duration !== 'forever',
      others: 'without an end',
    },
    consequence: [
      'Its lifetime starts again from now. The secret stays as it is.',
      'Their lifetime starts again from now, for expired ones too. Secrets stay as they are.',
    ],
    run: (client, place, { id }) => client.serviceTokens.refresh(place, id),
  },
  delete: {
    ...{ verb: 'Delete', done: 'deleted', isDangerous: true, concerns: () => true, others: '' },
    consequence: [
      'The gate refuses it from now on, and nobody can bring it back.',
      'The gate refuses them from now on, and nobody can bring them back. Those that a policy or group names are kept.',
    ],
    run: (client, place, { id }) => client.serviceTokens.delete(place, id),
  },
}

/** What happens to one of them, where that differs from the others. */
export function noteOn(action: BulkAction, token: ServiceTokenResult, now: number): string {
  if (action === 'refresh') {
    const end = endOf(token.duration, now)
    return end === undefined || end === Number.POSITIVE_INFINITY ? '' : `until ${dayOf(end)}`
  }
  return endsUse(action) && isInUse(token, now) ? 'used in the last day' : ''
}

/** What several of them have in common that one should know before. */
export function warningOn(action: BulkAction, tokens: readonly ServiceTokenResult[], now: number): string | undefined {
  const used = tokens.filter((token) => isInUse(token, now)).length
  if (!endsUse(action) || tokens.length < 2 || used === 0) return undefined
  const which = used === tokens.length ? 'All of them were' : `${used.toLocaleString('en')} of them ${used === 1 ? 'was' : 'were'}`
  return `${which} used in the last day: their machines will be turned away.`
}

function endsUse(action: BulkAction): boolean {
  return action === 'delete' || action === 'disable'
}

function isInUse({ last_seen_at: seen }: ServiceTokenResult, now: number): boolean {
  return seen !== undefined && now - Date.parse(seen) < 86_400_000
}

export interface Outcome {
  readonly token: ServiceTokenResult
  readonly error: Error | undefined
}

const atOnce = 4

/** Does it to all of them, a few at a time. One that fails does not keep the others from it. */
export async function runAll(
  tokens: readonly ServiceTokenResult[],
  run: (token: ServiceTokenResult) => Promise<unknown>,
  onProgress: (done: number) => void,
): Promise<readonly Outcome[]> {
  const waiting = [...tokens]
  const outcomes: Outcome[] = []
  const work = async () => {
    for (let token = waiting.shift(); token !== undefined; token = waiting.shift()) {
      const error = await run(token).then(
        () => undefined,
        (failure: Error) => failure,
      )
      outcomes.push({ token, error })
      onProgress(outcomes.length)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return outcomes
}

export function summary(outcomes: readonly Outcome[], done: string): string {
  return `${counted(outcomes.filter(({ error }) => error === undefined).length, 'service token')} ${done}`
}
