interface Started {
  readonly apiUrl: string
  readonly role: 'both' | 'api' | 'gate'
  /** Empty where the gates are other nodes. */
  readonly gateUrl: string
  /** What the first start made; nothing on a later one. */
  readonly bootstrap: Readonly<Record<'accountId' | 'zoneId' | 'email' | 'apiKey' | 'apiToken', string>> | undefined
}

/** What a start shows on the terminal. Credentials only on the first start, and only those that were generated: the rest is known to who chose it. */
export function welcome(
  version: string,
  { apiUrl, role, gateUrl: ownGateUrl, bootstrap }: Started,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const gateUrl = ownGateUrl || 'http://<one of the gates>'
  const management = `Console  ${apiUrl}\n  API      ${apiUrl}/client/v4`
  const urls = `Postern ${version}

  ${role === 'gate' ? `Health   ${apiUrl}/readyz` : management}
  Gate     ${gateUrl}
`
  if (bootstrap === undefined) return `${urls}\n`
  const { accountId, zoneId, email } = bootstrap
  const chosen = (name: string) => environment[name] !== undefined || environment[`${name}_FILE`] !== undefined
  const apiKey = chosen('POSTERN_BOOTSTRAP_API_KEY') ? '(the one you chose)' : bootstrap.apiKey
  const apiToken = chosen('POSTERN_BOOTSTRAP_API_TOKEN') ? '(the one you chose)' : bootstrap.apiToken
  const fromFile = environment['POSTERN_BOOTSTRAP_API_TOKEN'] === undefined
  const known = fromFile ? '$(cat "$POSTERN_BOOTSTRAP_API_TOKEN_FILE")' : '$POSTERN_BOOTSTRAP_API_TOKEN'
  const bearer = chosen('POSTERN_BOOTSTRAP_API_TOKEN') ? known : bootstrap.apiToken
  return `${urls}
This is the first start. Keep the following: the key and the token are not shown again.

  Account id     ${accountId}
  Zone id        ${zoneId}
  Owner e-mail   ${email}
  API key        ${apiKey}
  API token      ${apiToken}

Try it: create a service token, call the gate with it, call the gate without.

TOKEN=$(curl -s ${apiUrl}/client/v4/accounts/${accountId}/access/service_tokens -H "Authorization: Bearer ${bearer}" -H "Content-Type: application/json" -d '{"name":"my first token"}'); echo "$TOKEN"

curl -i ${gateUrl}/authorize -H "CF-Access-Client-Id: $(echo "$TOKEN" | sed 's/.*"client_id":"\\([^"]*\\)".*/\\1/')" -H "CF-Access-Client-Secret: $(echo "$TOKEN" | sed 's/.*"client_secret":"\\([^"]*\\)".*/\\1/')"

curl -i ${gateUrl}/authorize

`
}
