import fc from 'fast-check'
import { expect, test } from 'vitest'
import { presented } from '../../test/presented.ts'
import { endOfTime, type Instant } from './instant.ts'
import { type Digest, digestOf } from './secret.ts'
import { type Changes, issue, objectionTo, refresh, rotate, type ServiceToken, update } from './service-token.ts'

// A token's whole life, against a model that knows only this: every secret has a deadline, the token has one too, and a switch.

const lifetimes: Readonly<Record<string, number>> = {
  ...{ '1ns': 0, '1s': 1_000, '90s': 90_000, '1m30s': 90_000, '1h': 3_600_000, '60m': 3_600_000, '8760h': 31_536_000_000 },
  forever: Number.POSITIVE_INFINITY,
}

type Step =
  | { readonly do: 'rotate'; readonly graceMs: number | undefined }
  | { readonly do: 'refresh' }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'update'; readonly changes: RelativeChanges }

/** An update, seen from the state that it finds: the end of the grace period from now, the version from the present one. */
interface RelativeChanges extends Omit<Changes, 'secretVersion' | 'previousUntil'> {
  readonly raiseBy?: number | undefined
  readonly graceMs?: number | undefined
}

const span = fc.oneof(
  fc.constantFrom(0, 1, 999, 1_000, 1_001, 90_000, 3_600_000),
  fc.nat({ max: 7_200_000 }),
  fc.nat({ max: 40_000_000_000 }),
)
const grace = fc.oneof(
  span,
  span.map((milliseconds) => -milliseconds),
)
const duration = fc.constantFrom(...Object.keys(lifetimes))
const changes: fc.Arbitrary<RelativeChanges> = fc.record(
  {
    ...{ name: fc.constantFrom('one', 'two'), duration, enabled: fc.boolean() },
    ...{ raiseBy: fc.constantFrom(-1, 0, 0, 1, 1, 7), graceMs: grace },
  },
  { requiredKeys: [] },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('rotate' as const), graceMs: fc.option(grace, { nil: undefined }) }),
  fc.record({ do: fc.constant('refresh' as const) }),
  fc.record({ do: fc.constant('wait' as const), milliseconds: span }),
  fc.record({ do: fc.constant('update' as const), changes }),
)
const start = fc.record({
  ...{ now: fc.constantFrom(Date.parse('2026-01-01T00:00:00.400Z'), endOfTime - 7_200_000), enabled: fc.boolean(), duration },
  secretVersion: fc.integer({ min: 1, max: 3 }),
})

const digests: readonly Digest[] = Array.from({ length: 64 }, (_, index) => digestOf(`secret ${index}`))
const digestNumber = (index: number) => digests[index] ?? digestOf(`secret ${index}`)

/** The model. Secrets are numbered in the order of their issue; the last one is the current one and has no deadline of its own. */
interface Life {
  now: Instant
  deadlines: Instant[]
  /** The end of the last grace period as it was asked for, which may lie in the past. */
  shownEnd: Instant
  enabled: boolean
  duration: string
  version: number
  end: Instant
}

const never = Number.POSITIVE_INFINITY
const endFrom = (life: Life) => Math.min(life.now + (lifetimes[life.duration] ?? Number.NaN), endOfTime)
const accepts = (life: Life, secret: number, when: Instant) => life.enabled && when < life.end && when < (life.deadlines[secret] ?? 0)
const secondOf = (instant: Instant) => Math.floor(instant / 1000)

function modelRotation(life: Life, graceMs = 0): void {
  const current = life.deadlines.length - 1
  life.deadlines = [...life.deadlines.map((_, secret) => (secret === current && graceMs > 0 ? life.now + graceMs : 0)), never]
  life.shownEnd = life.now + graceMs
  life.version += 1
}

/** Answers whether the update is allowed. */
function modelUpdate(life: Life, { duration = life.duration, enabled = life.enabled, raiseBy = 0, graceMs }: RelativeChanges): boolean {
  const previous = life.deadlines.length - 2
  const deadline = life.deadlines[previous]
  const asksToRevive = deadline !== undefined && deadline <= life.now && (graceMs ?? 0) > 0
  const isShownEnd = deadline !== undefined && secondOf(life.now + (graceMs ?? 0)) === secondOf(life.shownEnd)
  if (raiseBy < 0 || (raiseBy === 0 && asksToRevive && !isShownEnd)) return false
  const restarts = lifetimes[duration] !== lifetimes[life.duration]
  life.enabled = enabled
  life.duration = duration
  if (restarts) life.end = endFrom(life)
  if (raiseBy > 0) {
    modelRotation(life, graceMs)
    life.version += raiseBy - 1
  } else if (deadline !== undefined && graceMs !== undefined && !isShownEnd) {
    life.deadlines[previous] = graceMs > 0 ? life.now + graceMs : 0
    life.shownEnd = life.now + graceMs
  }
  return true
}

/** Does the step to both, and answers with the token after it. */
function take(token: ServiceToken, life: Life, step: Step): ServiceToken {
  const next = digestNumber(life.deadlines.length)
  const { now } = life
  switch (step.do) {
    case 'wait':
      life.now += step.milliseconds
      return token
    case 'refresh':
      life.end = endFrom(life)
      return refresh(token, now)
    case 'rotate':
      modelRotation(life, step.graceMs)
      return rotate(token, next, now, step.graceMs === undefined ? undefined : now + step.graceMs)
    case 'update': {
      const { raiseBy, graceMs, ...plain } = step.changes
      const secretVersion = raiseBy === undefined ? undefined : life.version + raiseBy
      const asked: Changes = { ...plain, secretVersion, previousUntil: graceMs === undefined ? undefined : now + graceMs }
      const objected = objectionTo(token, asked, now) !== undefined
      expect(objected).toBe(!modelUpdate(life, step.changes))
      return objected ? token : update(token, asked, next, now)
    }
  }
}

/** Now, and the milliseconds round every deadline to come. */
function momentsToAskAt({ now, end, deadlines }: Life): readonly Instant[] {
  const soon = [end, ...deadlines.slice(-2, -1)].flatMap((deadline) => [deadline - 1, deadline])
  return [now, ...soon.filter((moment) => moment > now)]
}

function compare(token: ServiceToken, life: Life): void {
  const current = life.deadlines.length - 1
  for (const when of momentsToAskAt(life)) {
    for (let secret = 0; secret <= current; secret++) {
      const { ok, ...rest } = presented(token, digestNumber(secret), when)
      if (ok !== accepts(life, secret, when)) expect({ secret, when, ok, ...rest }).toEqual({ secret, when, ok: !ok })
      if (ok) expect(rest).toEqual({ via: secret === current ? 'current' : 'previous' })
    }
  }
}

test('whatever happens to a token, each of its secrets ever issued opens it exactly as long as it should', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 30, size: 'max' }), ({ now, ...given }, steps) => {
      const fixed = { id: '1', accountId: 'account', zoneId: null, clientId: '1.access' }
      let token = issue({ ...fixed, ...given, name: 'one', digest: digestNumber(0) }, now)
      const life: Life = { now, deadlines: [never], ...given, version: given.secretVersion, end: 0, shownEnd: 0 }
      life.end = endFrom(life)
      compare(token, life)
      for (const step of steps) {
        const before = token
        token = take(before, life, step)
        compare(token, life)
        const { duration, enabled, version: secretVersion, end: expiresAt } = life
        expect(token).toMatchObject({ ...fixed, createdAt: now, revision: 0, duration, enabled, secretVersion, expiresAt })
        expect(token.previous?.until ?? 0).toBe(life.shownEnd)
        expect(token.updatedAt).toBe(token === before ? before.updatedAt : life.now)
        expect(presented(token, digestNumber(63), life.now).ok).toBe(false)
      }
    }),
    { numRuns: 1500 },
  )
})
