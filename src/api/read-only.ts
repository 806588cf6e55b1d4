import { Failure } from '../authority/failure.ts'

/**
 * Lets a client send back what it was shown, and tells one that means to change it.
 * @param instead what changes such a field after all.
 */
export function requireUnchanged<Field extends string>(
  fields: readonly Field[],
  body: { readonly [F in Field]?: unknown },
  shown: { readonly [F in Field]?: unknown },
  instead: { readonly [F in Field]?: string } = {},
): void {
  const changed = fields.find((field) => body[field] !== undefined && body[field] !== shown[field])
  if (changed === undefined) return
  const hint = instead[changed] === undefined ? '' : `; ${instead[changed]}`
  throw new Failure('invalid_request', { field: changed, message: `is set by the server and cannot be changed${hint}; leave it out` })
}
