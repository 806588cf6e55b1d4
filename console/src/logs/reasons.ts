// The gate's reasons (docs/guide/observing.md), for people.
const reasons: Readonly<Record<string, string>> = {
  current: 'Current secret',
  previous: 'Previous secret, in grace',
  session: 'Session cookie',
  bypass: 'Bypass policy',
  no_application: 'No application answers for the host',
  ambiguous_path: 'The path can be read in several ways',
  no_credentials: 'No credentials',
  missing_client_id: 'The client id is missing',
  missing_client_secret: 'The client secret is missing',
  repeated_header: 'A header came twice',
  both_styles: 'Both headers and the application’s own one',
  malformed_token_header: 'The header holds no id and secret',
  unknown_client_id: 'No token has this client id',
  malformed_client_id: 'The client id is none',
  swapped: 'Id and secret are in each other’s place',
  wrong_secret: 'Wrong secret',
  truncated_secret: 'A part of the secret is missing',
  damaged_secret: 'A letter of the secret is wrong',
  stray_characters: 'Quotes, spaces or line breaks around the secret',
  previous_secret_ended: 'A secret from before the last rotation',
  expired: 'The token has expired',
  disabled: 'The token is disabled',
  invalid_session: 'The session cookie is not valid',
  wrong_scope: 'A token of another account or zone',
  no_policy: 'No policy lets it in',
  denied: 'A policy denies it',
  no_signing_key: 'The signing key cannot be used',
  stale: 'The gate had not heard of its database for too long',
}

export function reasonInWords(reason = ''): string {
  return reasons[reason] ?? reason.replaceAll('_', ' ')
}
