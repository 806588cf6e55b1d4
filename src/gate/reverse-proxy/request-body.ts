import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { valuesOf } from './headers.ts'

export interface RequestBody {
  /** Resolves with the first part of the body or its end, or when there will be neither. */
  readonly begun: Promise<void>
  readonly stream: Readable
}

/**
 * The body as a stream that undici may destroy, which it does when the origin fails: with the request itself the client's connection would break.
 * undici sends a request's head with the first part of its body. A connection that waited for it meanwhile would be closed by an origin that
 * hears nothing on it, so no connection is taken before `begun`.
 */
export function bodyOf(request: IncomingMessage): RequestBody | null {
  const { rawHeaders } = request
  const [length = '0'] = valuesOf(rawHeaders, 'content-length')
  if (length === '0' && valuesOf(rawHeaders, 'transfer-encoding').length === 0) return null
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const copy = new Transform({
    transform(chunk, _encoding, done) {
      begin()
      done(null, chunk)
    },
    flush(done) {
      begin()
      done()
    },
    destroy(error, done) {
      begin()
      done(error)
    },
  })
  // What the origin does not take is read all the same: the client must be done sending before it sends the next request.
  const stream = request.pipe(copy).once('close', () => request.resume())
  return { begun, stream }
}
