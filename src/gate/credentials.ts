/** What a request presents in its service-token headers. */
export type Presented =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'unusable'
      readonly reason: 'missing_client_id' | 'missing_client_secret' | 'repeated_header' | 'both_styles' | 'malformed_token_header'
    }
  | { readonly kind: 'pair'; readonly clientId: string; readonly secret: string }

const clientIdHeader = 'cf-access-client-id'
const clientSecretHeader = 'cf-access-client-secret'

const nothing: Presented = { kind: 'nothing' }
const missingClientId: Presented = { kind: 'unusable', reason: 'missing_client_id' }
const missingClientSecret: Presented = { kind: 'unusable', reason: 'missing_client_secret' }
const repeatedHeader: Presented = { kind: 'unusable', reason: 'repeated_header' }
const bothStyles: Presented = { kind: 'unusable', reason: 'both_styles' }
const malformed: Presented = { kind: 'unusable', reason: 'malformed_token_header' }

/**
 * Reads `CF-Access-Client-Id` and `CF-Access-Client-Secret`, in any case, from name-value pairs as they came (`rawHeaders`). An empty value is none.
 * @param tokenHeader one header that may carry both as JSON instead, in lower case.
 */
export function presentedIn(rawHeaders: readonly string[], tokenHeader: string | null = null): Presented {
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
  const single = tokenHeader === null ? nothing : presentedInOne(rawHeaders, tokenHeader)
  if (clientId === '' && secret === '') return single
  if (single !== nothing) return single === repeatedHeader ? single : bothStyles
  if (clientId === '') return missingClientId
  return secret === '' ? missingClientSecret : { kind: 'pair', clientId, secret }
}

/** Reads `{"cf-access-client-id": …, "cf-access-client-secret": …}`. What is no JSON is another's credential in that header (`Authorization`, say), and none of ours. */
function presentedInOne(rawHeaders: readonly string[], tokenHeader: string): Presented {
  let found: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== tokenHeader) continue
    if (found !== undefined) return repeatedHeader
    found = rawHeaders[at + 1]
  }
  if (found === undefined || !found.trimStart().startsWith('{')) return nothing
  const { [clientIdHeader]: clientId, [clientSecretHeader]: secret } = parsed(found)
  if (typeof clientId !== 'string' || typeof secret !== 'string') return malformed
  if (clientId === '') return missingClientId
  return secret === '' ? missingClientSecret : { kind: 'pair', clientId, secret }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
