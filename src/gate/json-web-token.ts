/** What an assertion says (RFC 7519, section 4, and the claims of Cloudflare Access for a service token). */
export interface Claims {
  readonly type: 'app'
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp: number
  readonly iss: string
  readonly sub: ''
  readonly aud: readonly [string]
  /** The client id of the service token. */
  readonly common_name: string
  /** Which of the token's secrets led to it. The first is not named: so a token that was never rotated has the claims of the original, and no more. */
  readonly secret_version?: number
}

/** A token as it was sent: nothing of it is proved yet. */
export interface ReadToken {
  readonly kid: string
  readonly claims: Claims & { readonly nbf?: number }
  /** What the signature is over. */
  readonly signed: string
  readonly signature: Buffer
}

/** Header and claims in the form that is signed (RFC 7515, section 5.1): without the signature. */
export function signingInput(kid: string, claims: Claims): string {
  if (kid !== lastHeader.kid) lastHeader = { kid, encoded: encode({ typ: 'JWT', alg: 'RS256', kid }) }
  return `${lastHeader.encoded}.${encode(claims)}`
}

/** Most assertions are signed with the key of the one before. */
let lastHeader = { kid: '', encoded: '' }

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** Longer than any of ours; a browser keeps no longer cookie either (RFC 6265, section 6.1). */
const maxLength = 4096
const form = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/** Reads a token of the one form that `signingInput` writes; `undefined` for anything else, whatever its signature. */
export function readToken(text: string): ReadToken | undefined {
  const [, head = '', body = '', signature = ''] = (text.length <= maxLength && form.exec(text)) || []
  const header = decode(head)
  const claims = decode(body)
  // Only our own algorithm, so that no token can choose how it is verified (RFC 8725, section 3.1).
  if (header?.['alg'] !== 'RS256' || header['typ'] !== 'JWT' || typeof header['kid'] !== 'string' || 'crit' in header) return undefined
  if (claims === undefined || !areClaims(claims)) return undefined
  return { kid: header['kid'], claims, signed: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') }
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function areClaims(claims: Record<string, unknown>): claims is Record<string, unknown> & ReadToken['claims'] {
  const { type, iat, nbf, exp, iss, aud, common_name: clientId, secret_version: version } = claims
  const areNumbers = typeof iat === 'number' && typeof exp === 'number' && [nbf, version].every(isNumberIfAny)
  const areNames = typeof iss === 'string' && typeof clientId === 'string' && clientId !== ''
  return type === 'app' && areNumbers && areNames && Array.isArray(aud) && aud.length === 1
}

function isNumberIfAny(value: unknown): boolean {
  return value === undefined || typeof value === 'number'
}
