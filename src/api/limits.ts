import { isIPv6 } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure } from '../authority/failure.ts'
import type { Clock } from '../authority/ports.ts'
import type { Caller } from '../authority/sign-in.ts'

/** How often callers may call, and how often a source may fail to sign in. Both are counted in this process alone. */
export interface Limits {
  /** Counts a request of a caller, and shows in the answer how many are left. Fails with `too_many_requests`. */
  count(caller: Caller, reply: FastifyReply): void
  /** Runs a sign-in. After too many failures, further ones of the same source fail with `too_many_failures`; the right credential still passes. */
  braking<Result>(request: FastifyRequest, reply: FastifyReply, signIn: () => Promise<Result>): Promise<Result>
}

export interface LimitsDeps {
  readonly clock: Clock
  /** How many requests one credential may make within `windowMs`; 0 for as many as it likes. */
  readonly requests: number
  readonly windowMs: number
  /** How many sign-ins from one source may fail in a minute; 0 for any number. */
  readonly failuresPerMinute: number
}

export function createLimits({ clock, requests, windowMs, failuresPerMinute }: LimitsDeps): Limits {
  const countRequest = createCounter(clock, windowMs)
  const countFailure = createCounter(clock, 60_000)

  return {
    count({ actor }, reply) {
      if (requests === 0) return
      // Each credential has its own, so that nobody can use up another's: not even two tokens of the same user.
      const { count, secondsLeft } = countRequest(actor.tokenId ?? actor.id)
      const remaining = Math.max(0, requests - count)
      reply.headers({ 'x-ratelimit-limit': requests, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': secondsLeft })
      if (count <= requests) return
      reply.header('retry-after', secondsLeft)
      throw new Failure('too_many_requests')
    },

    async braking(request, reply, signIn) {
      try {
        return await signIn()
      } catch (error) {
        if (failuresPerMinute === 0 || !isFailedSignIn(error)) throw error
        const { count, secondsLeft } = countFailure(sourceOf(request.ip))
        if (count <= failuresPerMinute) throw error
        reply.header('retry-after', secondsLeft)
        throw new Failure('too_many_failures')
      }
    },
  }
}

function isFailedSignIn(error: unknown): boolean {
  return error instanceof Failure && (error.code === 'not_authenticated' || error.code === 'invalid_api_token')
}

/** Who is counted as one: an IPv4 address, or the 64-bit network of an IPv6 address, in which a single client has as many as it likes. */
export function sourceOf(address: string): string {
  // Nearly all: the whole form is matched by an expression that takes its time.
  if (!address.includes(':') || !isIPv6(address)) return address
  // Node takes nearly any text for the zone of an address.
  const [head = '', tail] = address.replace(/%.*$/s, '').split('::')
  const before = head === '' ? [] : head.split(':')
  // An IPv4 address at the end stands for two groups (RFC 4291, section 2.2).
  const after = tail ? tail.replace(/[^:]+\.[^:]+$/, '0:0').split(':') : []
  const skipped = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array<string>(skipped).fill('0'), ...after].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

/** How many keys a counter remembers: some 20 MB at the worst. */
const maxKeys = 100_000

interface Count {
  readonly count: number
  /** Until the window ends: whole seconds, rounded up. */
  readonly secondsLeft: number
}

/** Counts by key, in windows that begin with a key's first count. Beyond `maxKeys` it forgets the oldest windows, so it can only count too little. */
function createCounter(clock: Clock, windowMs: number): (key: string) => Count {
  // In the order in which they end: all are equally long, and a new one goes to the end.
  const windows = new Map<string, { count: number; readonly endsAt: number }>()

  function begin(key: string, now: number): { count: number; readonly endsAt: number } {
    windows.delete(key)
    for (const [oldest, { endsAt }] of windows) {
      if (endsAt > now && windows.size < maxKeys) break
      windows.delete(oldest)
    }
    const window = { count: 0, endsAt: now + windowMs }
    windows.set(key, window)
    return window
  }

  return (key) => {
    const now = clock.monotonicMs()
    const known = windows.get(key)
    const window = known !== undefined && known.endsAt > now ? known : begin(key, now)
    window.count++
    return { count: window.count, secondsLeft: Math.ceil((window.endsAt - now) / 1000) }
  }
}
