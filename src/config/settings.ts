import { setting } from './setting.ts'
import {
  accessLogMode,
  addressRanges,
  addressReach,
  between,
  databaseUrl,
  filePath,
  hexId,
  key256,
  lifetime,
  listenAddress,
  matching,
  milliseconds,
  oneOf,
  origins,
  originUrl,
  postgresUrl,
  wholeNumber,
} from './values.ts'

// Every setting of Postern, once: its type, default and meaning, and by derivation its flag, environment variable and key in the settings file.

export const settings = {
  databaseUrl: setting({
    meaning: 'Where everything is kept: `sqlite:<path>` or `postgres://user:password@host/database`.',
    default: 'sqlite:./data/postern.db',
    secret: true,
    parse: databaseUrl,
  }),
  migrateToUrl: setting({
    meaning: 'Where `postern migrate-to` moves everything: `postgres://user:password@host/database`. Nothing else reads it.',
    secret: true,
    parse: postgresUrl,
  }),
  masterKey: setting({
    meaning:
      'What secrets that must be read again are encrypted with: 32 bytes in hex or base64. By default `master.key` beside the SQLite file (for PostgreSQL, in `./data`), made on the first start.',
    secret: true,
    parse: key256,
  }),
  role: setting({
    meaning:
      'What this node does: `api`, `gate`, or `both`. Several nodes need PostgreSQL and the same master key. One that is a gate only answers `/livez`, `/readyz` and `/metrics` at the address of the API, and nothing else there.',
    default: 'both',
    parse: oneOf('both', 'api', 'gate'),
  }),
  apiListen: setting({ meaning: 'Address and port of the management API.', default: '127.0.0.1:7400', parse: listenAddress }),
  gateListen: setting({ meaning: 'Address and port of the gate.', default: '127.0.0.1:7480', parse: listenAddress }),
  extAuthzListen: setting({
    meaning:
      'Address and port at which the gate answers Envoy over gRPC (ext_authz), such as `127.0.0.1:7490`; not at all without one. It answers trusted proxies only.',
    parse: listenAddress,
  }),
  apiTlsCertFile: setting({
    meaning: 'Certificate of the management API with its chain, a PEM file: it speaks HTTPS then. Read again when the file changes.',
    parse: filePath,
  }),
  apiTlsKeyFile: setting({ meaning: "The certificate's private key, a PEM file without a passphrase.", parse: filePath }),
  gateTlsCertFile: setting({
    meaning: 'Certificate of the gate with its chain, a PEM file: it speaks HTTPS then. Read again when the file changes.',
    parse: filePath,
  }),
  gateTlsKeyFile: setting({ meaning: "The certificate's private key, a PEM file without a passphrase.", parse: filePath }),
  workers: setting({
    meaning:
      'How many processes the gate has, behind one address: 1 is in the process of the management API, more are processes of their own, for as many cores. Each holds all tokens in memory. What is limited or counted per address at the gate, each does by itself.',
    default: '1',
    parse: between(1, 64),
  }),
  authDomain: setting({
    meaning:
      'The name of this installation: who issues assertions where an account has chosen no domain of its own. The first zone is named after it, and the first owner has an address in it.',
    default: 'access.localhost',
    parse: matching(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'a host name in lower case, such as access.example.com'),
  }),
  trustedProxies: setting({
    meaning:
      'Whose `X-Forwarded-*` headers the gate believes, and whose `X-Forwarded-For` the API: addresses and CIDR ranges separated by commas; `loopback` stands for this machine, `none` for nobody.',
    default: 'loopback',
    parse: addressRanges,
  }),
  originUrl: setting({
    meaning: "Where the default application's requests go through the reverse proxy. Read on the first start only.",
    parse: originUrl,
  }),
  originConnectTimeout: setting({
    meaning: 'How long connecting to an origin may take, TLS included.',
    default: '10s',
    parse: milliseconds,
  }),
  originTimeout: setting({
    meaning: 'How long an origin may take from the request to the head of its answer. The body may take as long as it takes.',
    default: '60s',
    parse: milliseconds,
  }),
  gateHeadersTimeout: setting({
    meaning: 'How long the head of a request to the gate may take to arrive, and a TLS handshake.',
    default: '10s',
    parse: milliseconds,
  }),
  gateStallTimeout: setting({
    meaning:
      'How long a client of the gate may neither send the rest of its request nor read on in its answer, where it has to. Then its connection is cut.',
    default: '60s',
    parse: milliseconds,
  }),
  gateKeepAliveTimeout: setting({
    meaning: 'How long the gate keeps a connection for the next request. Longer than the load balancer before it does.',
    default: '72s',
    parse: milliseconds,
  }),
  gateMaxConnections: setting({
    meaning:
      'How many connections the gate holds; 0 for any number. A further one takes the place of the one that has waited longest for a request, or is closed where none waits.',
    default: '10000',
    parse: wholeNumber,
  }),
  gateMaxConnectionsPerAddress: setting({
    meaning: 'How many of them one address may have (IPv6: one /64 network), unless it is a trusted proxy; 0 for any number.',
    default: '1000',
    parse: wholeNumber,
  }),
  pollInterval: setting({ meaning: 'How often the gate asks for changes.', default: '200ms', parse: milliseconds }),
  stalenessBudget: setting({
    meaning: 'How old the gate’s knowledge may become while it cannot reach the database. So long can a revocation go unnoticed at worst.',
    default: '30s',
    parse: milliseconds,
  }),
  onStale: setting({
    meaning: 'What the gate does beyond the staleness budget: `refuse` every request, or `serve` from what it last knew.',
    default: 'refuse',
    parse: oneOf('refuse', 'serve'),
  }),
  flushInterval: setting({
    meaning: 'How often is stored what was collected meanwhile: when tokens were last used, machines’ requests, refused attempts.',
    default: '5s',
    parse: milliseconds,
  }),
  logRetention: setting({
    meaning: 'How long the log of machines’ requests at the gate is kept. The audit log is kept for good.',
    default: '720h',
    parse: lifetime,
  }),
  requestLogMax: setting({
    meaning: 'How many entries that log has at most; the oldest go first. 0 for any number.',
    default: '1000000',
    parse: wholeNumber,
  }),
  accessLog: setting({
    meaning:
      'Which requests at the gate are written to standard output, a line of JSON each: `off`, `all`, `refused`, or one in so many, as in `1/100`. No header and no query is logged.',
    default: 'off',
    parse: accessLogMode,
  }),
  wrongSecrets: setting({
    meaning:
      'How many wrong secrets from one address (IPv6: one /64 network), or for one client id, are answered in a minute as any other; those beyond are only counted, and an address is told to come back later (`Retry-After`). 0 for any number. The right secret passes all the same.',
    default: '100',
    parse: wholeNumber,
  }),
  changeLogMax: setting({
    meaning: 'How many changes are kept for gates that catch up. One that has been away for more of them reads everything anew.',
    default: '100000',
    parse: between(1, 1_000_000_000),
  }),
  choreInterval: setting({
    meaning: 'How often it is looked what has reached its age: signing keys, unused service tokens, old entries of logs.',
    default: '10m',
    parse: milliseconds,
  }),
  alertAddresses: setting({
    meaning:
      'To which addresses alerts may be sent, whatever name leads there: `public`, `private` (those of local networks), `loopback` (this machine), and others by addresses and CIDR ranges, separated by commas; `none` for nowhere. Link-local addresses and where clouds keep secrets for their machines are in none of the three.',
    default: 'public,private',
    parse: addressReach,
  }),
  maxServiceTokens: setting({ meaning: 'How many service tokens an account may have; 0 for no limit.', default: '0', parse: wholeNumber }),
  rateLimit: setting({
    meaning:
      'How many API requests one credential may make within the window; 0 for as many as it likes, as for bulk work. Counted in each process for itself.',
    default: '1200',
    parse: wholeNumber,
  }),
  rateLimitWindow: setting({ meaning: 'How long it takes until requests count anew.', default: '5m', parse: milliseconds }),
  signInFailures: setting({
    meaning:
      'How many sign-ins to the API from one address (IPv6: one /64 network) may fail in a minute before further failures are refused as too many; 0 for any number. The right credential passes all the same.',
    default: '20',
    parse: wholeNumber,
  }),
  requestTimeout: setting({
    meaning:
      'How long an API request may take to arrive. Its headers have a third of that; a client that does not read its answer is cut off after twice that.',
    default: '30s',
    parse: milliseconds,
  }),
  corsOrigins: setting({
    meaning:
      "Whose scripts may use the API from a browser (CORS): origins separated by commas, such as `https://console.example.com`; `none` for nobody's.",
    default: 'none',
    parse: origins,
  }),
  shutdownTimeout: setting({
    meaning: 'How long requests under way may take to finish after a signal to stop.',
    default: '8s',
    parse: milliseconds,
  }),
  logLevel: setting({
    meaning: 'The least important lines that are logged.',
    default: 'info',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  }),
  bootstrapAccountId: setting({ meaning: 'Id of the first account; generated by default. First start only.', parse: hexId }),
  bootstrapZoneId: setting({ meaning: 'Id of the first zone; generated by default. First start only.', parse: hexId }),
  bootstrapZoneName: setting({
    meaning: 'Name of the first zone; the auth domain by default. First start only.',
    parse: matching(/^[^\s\p{Cc}]{1,253}$/u, 'a name without spaces, at most 253 characters'),
  }),
  bootstrapEmail: setting({
    meaning: 'E-mail address of the first owner; `owner@` the auth domain by default. First start only.',
    parse: matching(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u, 'an e-mail address'),
  }),
  bootstrapApiKey: setting({
    meaning: 'API key of the first owner; generated by default. First start only.',
    secret: true,
    parse: matching(/^[0-9A-Za-z_-]{37,60}$/, '37 to 60 letters, digits, "-" or "_"'),
  }),
  bootstrapApiToken: setting({
    meaning: 'The first API token; generated by default. First start only.',
    secret: true,
    parse: matching(/^[0-9A-Za-z_-]{40,80}$/, '40 to 80 letters, digits, "-" or "_"'),
  }),
}

type Settings = typeof settings
export type Config = { readonly [Key in keyof Settings]: ReturnType<Settings[Key]['parse']> }
