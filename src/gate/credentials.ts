/** What a request presents in its service-token headers. */
export type Presented =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unusable'; readonly reason: 'missing_client_id' | 'missing_client_secret' | 'repeated_header' }
  | { readonly kind: 'pair'; readonly clientId: string; readonly secret: string }

const clientIdHeader = 'cf-access-client-id'
const clientSecretHeader = 'cf-access-client-secret'

const nothing: Presented = { kind: 'nothing' }
const missingClientId: Presented = { kind: 'unusable', reason: 'missing_client_id' }
const missingClientSecret: Presented = { kind: 'unusable', reason: 'missing_client_secret' }
const repeatedHeader: Presented = { kind: 'unusable', reason: 'repeated_header' }

/** Reads `CF-Access-Client-Id` and `CF-Access-Client-Secret`, in any case, from name-value pairs as they came (`rawHeaders`). An empty value is none. */
export function presentedIn(rawHeaders: readonly string[]): Presented {
  let clientId = ''
  let secret = ''
  let seenIds = 0
  let seenSecrets = 0
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    // Lengths first: nearly every other header differs in it, and is spared the lower-casing.
    if (name.length === clientIdHeader.length && name.toLowerCase() === clientIdHeader) {
      clientId = rawHeaders[at + 1] ?? ''
      seenIds++
    } else if (name.length === clientSecretHeader.length && name.toLowerCase() === clientSecretHeader) {
      secret = rawHeaders[at + 1] ?? ''
      seenSecrets++
    }
  }
  if (seenIds > 1 || seenSecrets > 1) return repeatedHeader
  if (clientId === '') return secret === '' ? nothing : missingClientId
  return secret === '' ? missingClientSecret : { kind: 'pair', clientId, secret }
}
