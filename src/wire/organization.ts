import { type Static, Type } from 'typebox'
import { Name, Shown } from './fields.ts'
import { unused } from './unused.ts'

// Cf. "Zero Trust organization" in the API of Cloudflare Access: what an account has decided about its machines' access as a whole.

const AuthDomain = Type.String({
  ...{ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d{1,5})?$' },
  description: 'a host name such as access.example.com, with a port where it is not 443',
})
const Duration = Type.String({ maxLength: 100, description: 'a duration such as 24h, 30m or 1h30m' })
const Days = Type.Integer({ minimum: 30, maximum: 365, description: 'a whole number of days, from 30 to 365' })
const Action = Type.Enum(['disable', 'delete'], { description: 'disable or delete' })
const inactivityForm = '{"enabled": true or false, "inactivity_threshold_days": 30 to 365, "action": "disable" or "delete"}'

const Unused = unused([
  ...(['is_ui_read_only', 'ui_read_only_toggle_reason', 'auto_redirect_to_identity', 'login_design', 'custom_pages'] as const),
  ...(['allow_authenticate_via_warp', 'warp_auth_session_duration', 'warp_auth_non_browser_401'] as const),
  ...(['user_seat_expiration_inactive_time', 'mfa_config', 'mfa_piv_key_requirements', 'mfa_required_for_all_apps'] as const),
  'deny_unmatched_requests_exempted_zone_names',
])

export const UpdateOrganization = Type.Object(
  {
    auth_domain: Type.Optional(AuthDomain),
    name: Type.Optional(Name),
    session_duration: Type.Optional(Duration),
    strict_service_token_auth: Type.Optional(Type.Boolean({ description: 'true or false' })),
    service_token_inactivity: Type.Optional(
      Type.Union(
        [
          Type.Object({ enabled: Type.Boolean(), inactivity_threshold_days: Days, action: Action }, { additionalProperties: false }),
          Type.Null(),
        ],
        { description: `${inactivityForm}, or null` },
      ),
    ),
    // The gate always refuses what no application matches, so there is nothing to choose.
    deny_unmatched_requests: Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description: 'true or false' })),
    ...{ created_at: Shown, updated_at: Shown },
    ...Unused,
  },
  {
    additionalProperties: false,
    examples: [
      {
        ...{ auth_domain: 'access.example.com', name: 'Payments', session_duration: '24h', strict_service_token_auth: true },
        service_token_inactivity: { enabled: true, inactivity_threshold_days: 90, action: 'disable' },
      },
    ],
  },
)

export const OrganizationResult = Type.Object(
  {
    ...{ auth_domain: Type.String(), name: Type.String(), session_duration: Type.String(), strict_service_token_auth: Type.Boolean() },
    service_token_inactivity: Type.Object({ enabled: Type.Boolean(), inactivity_threshold_days: Type.Integer(), action: Action }),
    is_ui_read_only: Type.Literal(false),
    allow_authenticate_via_warp: Type.Literal(false),
    auto_redirect_to_identity: Type.Literal(false),
    // Terraform's provider crashes on an import when there is none.
    login_design: Type.Object({}),
    ...{ created_at: Type.String(), updated_at: Type.String() },
  },
  {
    examples: [
      {
        ...{ auth_domain: 'access.example.com', name: 'Payments', session_duration: '24h', strict_service_token_auth: true },
        service_token_inactivity: { enabled: true, inactivity_threshold_days: 90, action: 'disable' },
        ...{ is_ui_read_only: false, allow_authenticate_via_warp: false, auto_redirect_to_identity: false, login_design: {} },
        ...{ created_at: '2026-01-15T09:30:00Z', updated_at: '2026-02-01T08:00:00Z' },
      },
    ],
  },
)

export type OrganizationResult = Static<typeof OrganizationResult>

/** What is true of every organization. */
export const organizationConstants: Pick<
  OrganizationResult,
  'is_ui_read_only' | 'allow_authenticate_via_warp' | 'auto_redirect_to_identity' | 'login_design'
> = { is_ui_read_only: false, allow_authenticate_via_warp: false, auto_redirect_to_identity: false, login_design: {} }
