import { Failure } from '../authority/failure.ts'

/** Lets a client send back what it was shown, and tells one that means to change it. */
export function requireUnchanged<Field extends string>(
  fields: readonly Field[],
  body: { readonly [F in Field]?: unknown },
  shown: { readonly [F in Field]?: unknown },
): void {
  const changed = fields.find((field) => body[field] !== undefined && body[field] !== shown[field])
  if (changed !== undefined)
    throw new Failure('invalid_request', { field: changed, message: 'is set by the server and cannot be changed; leave it out' })
}
