import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { newClientId } from '../src/domain/identifier.ts'
import { newSecret } from '../src/domain/secret.ts'

/** What a machine presents. */
export interface Credentials {
  readonly clientId: string
  readonly secret: string
}

/** A forward-auth question about a request with these credentials, as it goes over the wire. */
export function authorizeRequest({ clientId, secret }: Credentials): string {
  return `GET /authorize ${withCredentials(clientId, secret)}`
}

/** A request to the protected service itself. */
export function plainRequest({ clientId, secret }: Credentials): string {
  return `GET / ${withCredentials(clientId, secret)}`
}

function withCredentials(clientId: string, secret: string): string {
  return `HTTP/1.1\r\nHost: app.example.com\r\nCF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: ${secret}\r\n\r\n`
}

/** As many of them as said, spread evenly. */
export function sampleOf(credentials: readonly Credentials[], size: number): readonly Credentials[] {
  const every = Math.max(1, Math.floor(credentials.length / size))
  return credentials.filter((_, number) => number % every === 0).slice(0, size)
}

/** Those that are asked for where it does not matter how many there are: each has to have its assertion signed first, which takes a millisecond. */
export function someOf({ credentials }: { readonly credentials: readonly Credentials[] }): readonly Credentials[] {
  return sampleOf(credentials, 2_000)
}

/** Credentials as good as any by their form, of no token. */
export function unknownCredentials(count: number): readonly Credentials[] {
  return Array.from({ length: count }, () => ({ clientId: newClientId(randomBytes), secret: newSecret('pst_', randomBytes) }))
}

/** The same client ids with secrets of nobody. */
export function withWrongSecrets(credentials: readonly Credentials[]): readonly Credentials[] {
  return credentials.map(({ clientId }) => ({ clientId, secret: newSecret('pst_', randomBytes) }))
}

/** Prepares requests for the load generators: each ends with a zero byte. */
export function writeRequests(path: string, requests: readonly string[]): string {
  writeFileSync(path, requests.map((request) => `${request}\0`).join(''), 'latin1')
  return path
}
