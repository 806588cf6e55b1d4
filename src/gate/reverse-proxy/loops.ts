import type { IncomingMessage } from 'node:http'
import { valuesOf } from './headers.ts'

/** Whether a request has come through the gate of this name before: then its origin leads back here (RFC 8586). */
export function isLoop({ rawHeaders }: IncomingMessage, loopId: string): boolean {
  return valuesOf(rawHeaders, 'cdn-loop').some(
    (passed) => passed.includes(loopId) && passed.split(',').some((info) => info.split(';', 1)[0]?.trim() === loopId),
  )
}
