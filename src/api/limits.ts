import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../authority/sign-in.ts'

/** How often callers may call, and how often a source may fail to sign in. */
export interface Limits {
  /** Counts a request of a caller, and shows in the answer how many are left. Fails with `too_many_requests`. */
  count(caller: Caller, reply: FastifyReply): Promise<void>
  /** Runs a sign-in. After too many failures, further ones of the same source fail with `too_many_failures`; the right credential still passes. */
  braking<Result>(request: FastifyRequest, signIn: () => Promise<Result>): Promise<Result>
}

export const noLimits: Limits = { count: async () => undefined, braking: (_request, signIn) => signIn() }
