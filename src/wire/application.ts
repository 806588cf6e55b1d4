import { type Static, Type } from 'typebox'
import { ApplicationPolicyResult, PolicyContent, Precedence, SessionDuration, ShownOfPolicies, UnusedOfPolicies } from './access-policy.ts'
import { Name, Shown, Sought } from './fields.ts'
import { Uuid } from './identifiers.ts'
import { PageQuery } from './pagination.ts'
import { unused } from './unused.ts'

// Cf. "Access applications" in the API of Cloudflare Access. `origin_url` is our own.

export const ApplicationPath = Type.Object({
  app_id: Type.String({
    pattern: '^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64})$',
    description: 'the UUID of an application, or its audience tag',
  }),
})

export const ListApplications = Type.Object({
  ...PageQuery,
  ...{ name: Type.Optional(Sought), domain: Type.Optional(Sought), search: Type.Optional(Sought) },
  aud: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$', description: '64 hex digits' })),
  exact: Type.Optional(Type.Enum(['true', 'false'], { description: 'true or false' })),
})

const strict = { additionalProperties: false }
const maxDestinations = 100
const maxPolicies = 1000
const Uri = Type.String({
  minLength: 1,
  maxLength: 2400,
  description: 'a host with or without a path, such as api.example.com or *.example.com/admin',
})
const Destination = Type.Object(
  { type: Type.Optional(Type.Literal('public', { description: '"public"' })), uri: Uri, ...unused(['overrides']) },
  { ...strict, description: 'an object like {"type": "public", "uri": "api.example.com/path"}' },
)
const Destinations = Type.Array(Destination, {
  ...{ minItems: 1, maxItems: maxDestinations },
  description: `a list of 1 to ${maxDestinations} objects like {"type": "public", "uri": "api.example.com/path"}`,
})
const SelfHostedDomains = Type.Array(Uri, {
  minItems: 1,
  maxItems: maxDestinations,
  description: `a list of 1 to ${maxDestinations} destinations`,
})

const { include, require, exclude, name, decision } = PolicyContent
/** A policy that is there, by its id; or one that is to be. Clients send back all that they were shown of one. */
const ChosenPolicy = Type.Object(
  {
    ...{ ...ShownOfPolicies, id: Type.Optional(Uuid), precedence: Type.Optional(Precedence) },
    ...{ name: Type.Optional(name), decision: Type.Optional(decision), include: Type.Optional(include), require, exclude },
    ...{ session_duration: PolicyContent.session_duration, ...UnusedOfPolicies },
    ...{ reusable: Type.Optional(Type.Boolean({ description: 'left out: it is set by the server' })), account_id: Shown },
  },
  strict,
)
const Policies = Type.Union(
  [
    Type.Array(
      Type.Union([Uuid, ChosenPolicy], {
        description: 'the id of a policy, {"id": "…", "precedence": 1}, or a new policy: {"name": "…", "decision": "…", "include": […]}',
      }),
      { maxItems: maxPolicies },
    ),
    Type.Null(),
  ],
  { description: `a list of at most ${maxPolicies} policies, or left out or null to leave them as they are` },
)

const orNull = (maxLength: number, description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()], { description }))
const NoChoice = Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description: 'true or false, which makes no difference' }))

const Chosen = {
  type: Type.Literal('self_hosted', { description: '"self_hosted", the only type of application here' }),
  ...{ name: Type.Optional(Name), domain: Type.Optional(Uri) },
  ...{ destinations: Type.Optional(Destinations), self_hosted_domains: Type.Optional(SelfHostedDomains) },
  session_duration: Type.Optional(SessionDuration),
  policies: Type.Optional(Policies),
  service_auth_401_redirect: Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description: 'true or false' })),
  read_service_tokens_from_header: orNull(100, 'the name of a header, or null'),
  origin_url: orNull(2000, 'an http or https URL without user, query and fragment, such as http://127.0.0.1:3000, or null'),
  // There is no App Launcher, and there are no redirects.
  ...{ app_launcher_visible: NoChoice, eager_redirect_cookie_setting: NoChoice },
  http_only_cookie_attribute: Type.Optional(Type.Union([Type.Literal(true), Type.Null()], { description: 'true, null or left out' })),
  same_site_cookie_attribute: Type.Optional(
    Type.Union([Type.Literal('none'), Type.Literal(''), Type.Null()], { description: '"none", "", null or left out' }),
  ),
  ...unused([
    ...(['allow_authenticate_via_warp', 'allow_iframe', 'allowed_idps', 'app_launcher_logo_url', 'auto_redirect_to_identity'] as const),
    ...(['bg_color', 'cors_headers', 'custom_deny_message', 'custom_deny_url', 'custom_non_identity_deny_url', 'custom_pages'] as const),
    ...(['enable_binding_cookie', 'footer_links', 'header_bg_color', 'landing_page_design', 'logo_url', 'mfa_config'] as const),
    ...(['oauth_configuration', 'options_preflight_bypass', 'path_cookie_attribute', 'saas_app', 'scim_config'] as const),
    ...(['skip_app_launcher_login_page', 'skip_interstitial', 'tags', 'target_criteria'] as const),
    'use_clientless_isolation_app_launcher_url',
  ]),
}

const settings = {
  ...{ type: 'self_hosted', name: 'Orders', domain: 'orders.example.com', destinations: [{ type: 'public', uri: 'orders.example.com' }] },
  ...{ session_duration: '24h', service_auth_401_redirect: true, origin_url: 'http://127.0.0.1:3000' },
}
const policy = { name: 'Deployments', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }

export const CreateApplication = Type.Object(Chosen, { ...strict, examples: [{ ...settings, policies: [policy] }] })

/** Replaces all that can be chosen, but for the policies and `origin_url` where they are left out. */
export const UpdateApplication = Type.Object(
  { ...Chosen, ...{ id: Shown, aud: Shown, created_at: Shown, updated_at: Shown } },
  { ...strict, examples: [{ ...settings, policies: [policy] }] },
)

const Constant = {
  app_launcher_visible: Type.Literal(true),
  ...{ allowed_idps: Type.Array(Type.String(), { maxItems: 0 }), tags: Type.Array(Type.String(), { maxItems: 0 }) },
  ...{ auto_redirect_to_identity: Type.Literal(false), enable_binding_cookie: Type.Literal(false) },
  ...{ options_preflight_bypass: Type.Literal(false), path_cookie_attribute: Type.Literal(false) },
}
const Constants = Type.Object(Constant)
/** What is shown of every application. Terraform expects them. */
export const applicationConstants: Static<typeof Constants> = {
  ...{ app_launcher_visible: true, allowed_idps: [], tags: [], auto_redirect_to_identity: false, enable_binding_cookie: false },
  ...{ options_preflight_bypass: false, path_cookie_attribute: false },
}

const OrNull = Type.Union([Type.String(), Type.Null()])
const id = '480f4f69-1a28-4fdd-9240-1ed29f0ac1db'
export const ApplicationResult = Type.Object(
  {
    ...{ id: Uuid, aud: Type.String(), type: Type.Literal('self_hosted'), name: Type.String(), domain: Type.String() },
    destinations: Type.Array(Type.Object({ type: Type.Literal('public'), uri: Type.String() })),
    self_hosted_domains: Type.Array(Type.String()),
    ...{ session_duration: Type.String(), policies: Type.Array(ApplicationPolicyResult) },
    ...{ service_auth_401_redirect: Type.Boolean(), read_service_tokens_from_header: Type.Optional(Type.String()), origin_url: OrNull },
    ...{ ...Constant, created_at: Type.String(), updated_at: Type.String() },
  },
  {
    examples: [
      {
        ...{ id, aud: '737646a56ab1df6ec9bddc7e5ca84eaf3b0768850f3ffb5d74f1534911fe3893', ...settings },
        self_hosted_domains: ['orders.example.com'],
        policies: [
          {
            ...{ id: 'a91c3d86-7c1f-4f0c-8a35-0f9d5f2f8d11', ...policy, require: [], exclude: [], session_duration: null },
            ...{ created_at: '2026-01-15T09:30:00Z', updated_at: '2026-01-15T09:30:00Z', precedence: 1, reusable: false },
          },
        ],
        ...{ ...applicationConstants, created_at: '2026-01-15T09:30:00Z', updated_at: '2026-02-01T08:00:00Z' },
      },
    ],
  },
)
export type ApplicationResult = Static<typeof ApplicationResult>

export const DeletedApplication = Type.Object({ id: Uuid }, { examples: [{ id }] })
