import type { Application } from '../domain/application.ts'
import { readDestinations, type WantedDestination } from './claims.ts'
import { Failure } from './failure.ts'
import { requireSessionDuration } from './organizations.ts'
import type { PolicyChoice } from './policy-choices.ts'

/** What can be chosen of an application. */
export interface ApplicationDraft {
  readonly name: string
  /** One of the destinations. */
  readonly domain: string
  readonly destinations: readonly WantedDestination[]
  /** It stays as it is when left out: clients of the original do not know it. */
  readonly originUrl?: string | null | undefined
  /** `null` leaves it to the organization. */
  readonly sessionDuration: string | null
  readonly asksForCredentials: boolean
  /** In lower case. */
  readonly tokenHeader: string | null
  /** They stay as they are when left out. */
  readonly policies?: readonly PolicyChoice[] | undefined
}

/** What stands in a draft, without its policies. */
export function settingsOf(
  { policies: _, destinations, originUrl, ...settings }: ApplicationDraft,
  before: Pick<Application, 'originUrl'> = { originUrl: null },
): Omit<ApplicationDraft, 'policies' | 'destinations' | 'originUrl'> & Pick<Application, 'destinations' | 'originUrl'> {
  return {
    ...settings,
    originUrl: originUrl === undefined ? before.originUrl : originUrl,
    destinations: destinations.map(({ uri }) => uri),
  }
}

/** Fails with `invalid_request` for what no application can have. */
export function requireSettings({ destinations, domain, originUrl, sessionDuration, tokenHeader }: ApplicationDraft): void {
  readDestinations(destinations)
  if (!destinations.some(({ uri }) => uri === domain)) throw invalid('domain', 'must be one of the destinations')
  if (sessionDuration !== null) requireSessionDuration(sessionDuration)
  if (originUrl !== null && originUrl !== undefined && !isOrigin(originUrl)) {
    throw invalid('origin_url', 'must be an http or https URL without user, query and fragment, such as http://127.0.0.1:3000')
  }
  if (tokenHeader !== null && (!headerName.test(tokenHeader) || isTaken(tokenHeader))) {
    throw invalid(
      'read_service_tokens_from_header',
      'must be the name of a header that nothing else needs, such as Authorization or X-Service-Token',
    )
  }
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && !/[?#\s\\]/.test(text)
}

/** RFC 9110, section 5.6.2. */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** Headers by which connections, messages and the gate itself work. */
const needed =
  /^(?:host|connection|keep-alive|te|trailer|upgrade|expect|via|forwarded|date|range|cookie2?|set-cookie|accept(?:-.*)?|content-.*|transfer-.*|proxy-.*|sec-.*|cf-.*|x-forwarded-.*|x-original-.*|x-real-ip|x-envoy-.*)$/

function isTaken(name: string): boolean {
  // Some servers take an underscore for a hyphen.
  return needed.test(name.replaceAll('_', '-'))
}

function invalid(field: string, message: string): Failure {
  return new Failure('invalid_request', { field, message })
}
