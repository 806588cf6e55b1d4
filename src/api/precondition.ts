import { Failure } from '../authority/failure.ts'

/** The `ETag` of a version. */
export function tagOf(revision: number): string {
  return `"${revision}"`
}

const entityTags = /^(?:\s*,)*\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)?)*$/

/** The versions that `If-Match` names (RFC 9110, section 13.1.1); `undefined` for `*`, which is any. Weak tags and those of others match nothing. */
export function revisionsIn(ifMatch: string): readonly number[] | undefined {
  if (ifMatch.trim() === '*') return undefined
  if (!entityTags.test(ifMatch))
    throw new Failure('invalid_header', { message: 'If-Match must be * or the ETag of an answer, such as "3"' })
  return [...ifMatch.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag]) =>
    weak === undefined && /^[1-9]\d{0,14}$/.test(tag ?? '') ? [Number(tag)] : [],
  )
}
