import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filledIn, type ProxyKind } from '../../console/src/applications/proxy-files.ts'
import { temporaryFolder } from '../fixtures.ts'
import { isInstalled } from '../proxies.ts'

const files: { readonly [Kind in ProxyKind]: string } = {
  nginx: 'nginx.conf',
  Caddy: 'Caddyfile',
  Traefik: 'traefik.yml',
  Envoy: 'envoy.yaml',
}
const proxies = Object.keys(files) as readonly ProxyKind[]

function configuration(proxy: ProxyKind, ...domains: readonly string[]): string {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guide', files[proxy]), 'utf8')
  const application = { name: 'Orders\nAPI', self_hosted_domains: [...domains] }
  return filledIn(proxy, guide, { gate: '10.0.0.2:7000', service: '10.0.0.3:4000', application })
}

/** Those that a configuration could have, of hosts of every kind. */
const kinds: readonly (readonly string[])[] = [
  ['orders.example.com/v1', 'orders.example.com', 'api.example.com'],
  ['*.example.com'],
  ['dev-*.example.com', 'example.com'],
  ['*'],
]

describe("a proxy's configuration for an application", () => {
  test.each(proxies)('names the application, its gate and its service, and no example any more: %s', (proxy) => {
    const text = configuration(proxy, 'orders.example.com')
    expect(text.split('\n')[0]).toBe('# Orders API: orders.example.com')
    expect(text).toContain('orders.example.com')
    expect(text).toMatch(/10\.0\.0\.2(?::7000|, port_value: 7490)/)
    expect(text).toMatch(/10\.0\.0\.3(?::4000|, port_value: 4000)/)
    expect(text).not.toMatch(/127\.0\.0\.1|service\.example\.com/)
  })

  test.each<[ProxyKind, readonly string[]]>([
    [
      'nginx',
      [
        'server_name orders.example.com api.example.com;',
        'server_name *.example.com;',
        String.raw`server_name "~^dev-[^.]*\.example\.com$" example.com;`,
      ],
    ],
    ['Caddy', ['http://orders.example.com:8080, http://api.example.com:8080 {', 'http://*.example.com:8080 {', 'http://:8080 {']],
    [
      'Traefik',
      [
        'rule: Host(`orders.example.com`) || Host(`api.example.com`)\n',
        'rule: HostRegexp(`^[^.]*\\.example\\.com$`)\n',
        'rule: HostRegexp(`^dev-[^.]*\\.example\\.com$`) || Host(`example.com`)\n',
      ],
    ],
    [
      'Envoy',
      [
        'domains: ["orders.example.com", "orders.example.com:8080", "api.example.com", "api.example.com:8080"]',
        'domains: ["*.example.com", "*.example.com:8080"]',
        'domains: ["*"]',
      ],
    ],
  ])('has all hosts of the application, as %s writes them', (proxy, written) => {
    for (const [index, line] of written.entries()) expect(configuration(proxy, ...(kinds[index] ?? []))).toContain(line)
  })

  test.skipIf(!isInstalled('nginx'))('is one that nginx takes', () => {
    expectTaken('nginx', 'nginx', (folder, path) => ['-t', '-p', folder, '-c', main(folder, path), '-e', 'stderr'])
  })

  test.skipIf(!isInstalled('caddy'))('is one that Caddy takes', () => {
    expectTaken('Caddy', 'caddy', (_folder, path) => ['validate', '--adapter', 'caddyfile', '--config', path])
  })
})

function expectTaken(proxy: ProxyKind, program: string, argumentsFor: (folder: string, path: string) => readonly string[]): void {
  for (const domains of kinds) {
    const folder = temporaryFolder()
    const path = join(folder.path, files[proxy])
    writeFileSync(path, configuration(proxy, ...domains))
    const env = { ...process.env, HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path }
    const { status, stderr } = spawnSync(program, argumentsFor(folder.path, path), { env, encoding: 'utf8' })
    expect([status, status === 0 ? '' : stderr], domains.join()).toEqual([0, ''])
    folder.remove()
  }
}

function main(folder: string, path: string): string {
  const file = join(folder, 'main.conf')
  writeFileSync(file, `pid ${folder}/pid; error_log stderr; events {} http { access_log off; include ${path}; }`)
  return file
}
