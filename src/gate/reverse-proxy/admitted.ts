/** What lets a request through, and what goes with it. */
export interface Admitted {
  readonly application: {
    readonly id: string
    /** Where the requests go; `null` where there is no origin. */
    readonly originUrl: string | null
    readonly audience: string
    readonly domain: string
  }
  /** Vouches for the caller to the origin, as `Cf-Access-Jwt-Assertion`; `null` for none. */
  readonly assertion: string | null
  /** A cookie for the client, beside those that the origin sets; `null` for none. */
  readonly setCookie: string | null
  /** The header in which this application takes credentials: the origin does not see it. `null` for none. */
  readonly withoutHeader: string | null
  /** Calls `end` once the request would no longer be let through; for what stays open. Answers with a way to stop watching. */
  readonly watch?: (end: () => void) => () => void
}
