import type { Clock } from '../authority/ports.ts'

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() }
