import type { ApplicationResult } from '../../../src/wire/application.ts'

export type ProxyKind = 'nginx' | 'Caddy' | 'Traefik' | 'Envoy'

export interface Filling {
  /** Where the gate and the protected service are, as `host:port`. */
  readonly gate: string
  readonly service: string
  readonly application: Pick<ApplicationResult, 'name' | 'self_hosted_domains'>
}

/** The guide's configuration of a proxy with addresses, name and hosts of an application in the place of the examples. */
export function filledIn(proxy: ProxyKind, guide: string, { gate, service, application }: Filling): string {
  const hosts = hostsOf(application)
  const [gateHost = ''] = gate.split(':')
  const [serviceHost = '', servicePort = ''] = service.split(':')
  const text = guide
    .replaceAll('127.0.0.1:7480', () => gate)
    .replaceAll('127.0.0.1:3000', () => service)
    .replaceAll('127.0.0.1:7490', () => `${gateHost}:7490`)
    .replaceAll('address: 127.0.0.1, port_value: 7490', () => `address: ${gateHost}, port_value: 7490`)
    .replaceAll('address: 127.0.0.1, port_value: 3000', () => `address: ${serviceHost}, port_value: ${servicePort || '80'}`)
  const [example, own] = namesIn[proxy](hosts)
  const heading = `# ${application.name.replaceAll(/\s+/g, ' ')}: ${application.self_hosted_domains.join(', ')}`
  return `${heading}\n${hosts.length === 0 ? text : text.replace(example, () => own)}`
}

/** Each once; none where the application answers for every host. */
function hostsOf({ self_hosted_domains: domains }: Filling['application']): readonly string[] {
  const hosts = [...new Set(domains.map((domain) => domain.split('/')[0] ?? ''))]
  return hosts.includes('*') ? [] : hosts
}

/** What the guide has for an example, and what stands there for these hosts. A `*` is a part of the first label. */
const namesIn: { readonly [Kind in ProxyKind]: (hosts: readonly string[]) => readonly [example: string, own: string] } = {
  nginx: (hosts) => ['server_name _;', `server_name ${hosts.map((host) => (isWithin(host) ? `"~^${pattern(host)}$"` : host)).join(' ')};`],
  // Caddy knows a `*` for a whole label only. The gate answers for the host anyway.
  Caddy: (hosts) => [
    'http://:8080 {',
    `${hosts.some(isWithin) ? 'http://:8080' : hosts.map((host) => `http://${host}:8080`).join(', ')} {`,
  ],
  Traefik: (hosts) => [
    'Host(`service.example.com`)',
    hosts.map((host) => (host.includes('*') ? `HostRegexp(\`^${pattern(host)}$\`)` : `Host(\`${host}\`)`)).join(' || '),
  ],
  Envoy: (hosts) => [
    'domains: ["*"]',
    // Envoy takes a `*` at the beginning alone; another one is left to the gate.
    `domains: [${hosts.some((host) => host.lastIndexOf('*') > 0) ? '"*"' : hosts.flatMap((host) => [`"${host}"`, `"${host}:8080"`]).join(', ')}]`,
  ],
}

/** Whether its `*` is less than a label. */
function isWithin(host: string): boolean {
  return host.includes('*') && !host.startsWith('*.')
}

function pattern(host: string): string {
  return host.replaceAll('.', String.raw`\.`).replaceAll('*', '[^.]*')
}
