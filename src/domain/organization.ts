import type { Instant } from './instant.ts'

/** What an account has decided about its machines' access as a whole. */
export interface Organization {
  /** The account's. */
  readonly id: string
  readonly name: string
  /** Whose name assertions are issued in: `https://<authDomain>`. */
  readonly authDomain: string
  /** How long an assertion lasts where neither policy nor application says so: a Go duration. */
  readonly sessionDuration: string
  /** Whether a wrong service token is answered with 401 and leaves no cookie. */
  readonly isStrict: boolean
  /** What becomes of service tokens that nobody uses. */
  readonly inactivity: { readonly isOn: boolean; readonly afterDays: number; readonly action: 'disable' | 'delete' }
  readonly keyRotationDays: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** An account that has chosen nothing is strict. */
export function isStrict(organization: Organization | null): boolean {
  return organization?.isStrict ?? true
}

export type OrganizationSettings = Pick<
  Organization,
  'name' | 'authDomain' | 'sessionDuration' | 'isStrict' | 'inactivity' | 'keyRotationDays'
>

/** An organization of which nothing was chosen yet. */
export function newOrganization(accountId: string, name: string, authDomain: string, now: Instant): Organization {
  return {
    ...{ id: accountId, name, authDomain, sessionDuration: '24h', isStrict: true },
    inactivity: { isOn: false, afterDays: 90, action: 'disable' },
    // Six weeks.
    keyRotationDays: 42,
    ...{ createdAt: now, updatedAt: now, revision: 0 },
  }
}
