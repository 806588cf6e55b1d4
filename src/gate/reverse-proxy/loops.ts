import type { IncomingMessage } from 'node:http'

/** Whether a request has come through the gate of this name before: then its origin leads back here (RFC 8586). */
export function isLoop({ headers }: IncomingMessage, loopId: string): boolean {
  const passed = headers['cdn-loop'] as string | undefined
  return passed?.includes(loopId) === true && passed.split(',').some((info) => info.split(';', 1)[0]?.trim() === loopId)
}
