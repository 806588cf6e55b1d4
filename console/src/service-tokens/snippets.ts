import type { Place } from '../../../src/client/place.ts'
import type { IssuedServiceTokenResult } from '../../../src/wire/service-token.ts'

interface Snippet {
  readonly name: string
  readonly text: string
  /** Who copies it has copied the secret. */
  readonly hasSecret: boolean
}

interface SnippetOptions {
  readonly token: IssuedServiceTokenResult
  /** Of the protected service. */
  readonly url: string
  readonly place: Place
}

/** How a token is used in this and that, ready to be pasted. */
export function snippets({ token, url, place }: SnippetOptions): readonly Snippet[] {
  const { client_id: id, client_secret: secret } = token
  return [
    {
      ...{ name: 'curl', hasSecret: true },
      text: `curl ${shellQuoted(url)} \\
  -H 'CF-Access-Client-Id: ${id}' \\
  -H 'CF-Access-Client-Secret: ${secret}'`,
    },
    {
      ...{ name: 'Environment', hasSecret: true },
      text: `CF_ACCESS_CLIENT_ID=${id}
CF_ACCESS_CLIENT_SECRET=${secret}`,
    },
    {
      ...{ name: 'fetch', hasSecret: false },
      text: `const response = await fetch(${JSON.stringify(url)}, {
  headers: {
    'CF-Access-Client-Id': process.env.CF_ACCESS_CLIENT_ID,
    'CF-Access-Client-Secret': process.env.CF_ACCESS_CLIENT_SECRET,
  },
})`,
    },
    {
      ...{ name: 'Python', hasSecret: false },
      text: `import os
import urllib.request

request = urllib.request.Request(${JSON.stringify(url)}, headers={
    "CF-Access-Client-Id": os.environ["CF_ACCESS_CLIENT_ID"],
    "CF-Access-Client-Secret": os.environ["CF_ACCESS_CLIENT_SECRET"],
})
with urllib.request.urlopen(request) as response:
    print(response.read().decode())`,
    },
    {
      ...{ name: 'Go', hasSecret: false },
      text: `request, err := http.NewRequest(http.MethodGet, ${JSON.stringify(url)}, nil)
if err != nil {
	return err
}
request.Header.Set("CF-Access-Client-Id", os.Getenv("CF_ACCESS_CLIENT_ID"))
request.Header.Set("CF-Access-Client-Secret", os.Getenv("CF_ACCESS_CLIENT_SECRET"))
response, err := http.DefaultClient.Do(request)`,
    },
    {
      ...{ name: 'GitHub Actions', hasSecret: true },
      text: `# Once, in the repository:
#   printf %s '${id}' | gh secret set CF_ACCESS_CLIENT_ID
#   printf %s '${secret}' | gh secret set CF_ACCESS_CLIENT_SECRET
- name: Call the service
  env:
    CF_ACCESS_CLIENT_ID: \${{ secrets.CF_ACCESS_CLIENT_ID }}
    CF_ACCESS_CLIENT_SECRET: \${{ secrets.CF_ACCESS_CLIENT_SECRET }}
  run: |
    curl --fail ${shellQuoted(url)} \\
      -H "CF-Access-Client-Id: $CF_ACCESS_CLIENT_ID" \\
      -H "CF-Access-Client-Secret: $CF_ACCESS_CLIENT_SECRET"`,
    },
    { name: 'Terraform', hasSecret: false, text: terraform(token, place) },
  ]
}

/** Takes the token under Terraform's care. The secret is not part of that: it is kept by whoever was shown it. */
function terraform({ id, name, duration }: IssuedServiceTokenResult, { kind, id: placeId }: Place): string {
  const label =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '') || 'token'
  const resource = `cloudflare_zero_trust_access_service_token.${/^\d/.test(label) ? `token_${label}` : label}`
  return `import {
  to = ${resource}
  id = "${kind}s/${placeId}/${id}"
}

resource "cloudflare_zero_trust_access_service_token" "${resource.split('.')[1]}" {
  ${kind}_id = "${placeId}"
  name       = ${hclQuoted(name)}
  duration   = "${duration}"
}`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** HCL reads `\${` and `%{` in a text as the beginning of an expression. */
function hclQuoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('${', () => '$${')
    .replaceAll('%{', '%%{')
}
