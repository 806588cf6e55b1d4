/**
 * What the gate reads of a request's headers, found in one walk over them as they came; nobody else needs the rest. What is repeated stands as Node's
 * `headers` show it: joined by a comma, `Cookie` by a semicolon, and of `Host` the first.
 */
export interface Head {
  readonly host: string | undefined
  /** How many `Host` lines there are. */
  readonly hosts: number
  readonly cookie: string | undefined
  readonly transferEncoding: string | undefined
  readonly forwardedFor: string | undefined
  readonly forwardedHost: string | undefined
  readonly forwardedUri: string | undefined
  readonly forwardedMethod: string | undefined
  readonly originalUrl: string | undefined
  readonly originalUri: string | undefined
  readonly originalMethod: string | undefined
}

type Found = { -readonly [Field in keyof Head]: Head[Field] }

export function readHead(rawHeaders: readonly string[]): Head {
  // Spelt out: a spread would make each of these objects the slow way.
  const found: Found = {
    host: undefined,
    hosts: 0,
    cookie: undefined,
    transferEncoding: undefined,
    forwardedFor: undefined,
    forwardedHost: undefined,
    forwardedUri: undefined,
    forwardedMethod: undefined,
    originalUrl: undefined,
    originalUri: undefined,
    originalMethod: undefined,
  }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) take(found, rawHeaders[at] as string, rawHeaders[at + 1] as string)
  return found
}

/** By the length of the name first: nearly every other header differs in it. */
function take(found: Found, name: string, value: string): void {
  switch (name.length) {
    case 4:
      if (!isNamed(name, 'host')) return
      found.hosts++
      found.host ??= value
      return
    case 6:
      if (isNamed(name, 'cookie')) found.cookie = found.cookie === undefined ? value : `${found.cookie}; ${value}`
      return
    case 14:
      if (isNamed(name, 'x-original-url')) found.originalUrl = joined(found.originalUrl, value)
      else if (isNamed(name, 'x-original-uri')) found.originalUri = joined(found.originalUri, value)
      return
    case 15:
      if (isNamed(name, 'x-forwarded-for')) found.forwardedFor = joined(found.forwardedFor, value)
      else if (isNamed(name, 'x-forwarded-uri')) found.forwardedUri = joined(found.forwardedUri, value)
      return
    case 16:
      if (isNamed(name, 'x-forwarded-host')) found.forwardedHost = joined(found.forwardedHost, value)
      return
    case 17:
      if (isNamed(name, 'transfer-encoding')) found.transferEncoding = joined(found.transferEncoding, value)
      else if (isNamed(name, 'x-original-method')) found.originalMethod = joined(found.originalMethod, value)
      return
    case 18:
      if (isNamed(name, 'x-forwarded-method')) found.forwardedMethod = joined(found.forwardedMethod, value)
  }
}

/** Whether the client asks for JSON. Who is refused costs no more than who is let in, so Node is not asked to sort all the headers for this one. */
export function asksForJson(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 6 && isNamed(name, 'accept') && rawHeaders[at + 1]?.toLowerCase().includes('application/json')) return true
  }
  return false
}

/** The values of a header that has several lines, as they read in one. */
export function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

/** Whether a name is this one, which is as long, in any case. Nothing but a letter differs by this bit from a letter, and no name contains what so differs from a dash. */
export function isNamed(name: string, lower: string): boolean {
  for (let at = 0; at < lower.length; at++) if ((name.charCodeAt(at) | 0x20) !== lower.charCodeAt(at)) return false
  return true
}
