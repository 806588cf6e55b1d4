import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, bypass, credentials, startGate, uses } from '../../gate-fixtures.ts'
import { isInstalled, type ProxyName, startNginxBefore, startProxy } from '../../proxies.ts'
import { send } from '../../raw-http.ts'
import { type Attack, attacks } from './attacks.ts'
import { canBeReadAsAdmin } from './readings.ts'

interface Received {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
}

interface Target {
  readonly url: string
  readonly received: Received[]
  stop(): Promise<void>
}

/** An origin that takes what others would refuse, and writes down what it got. */
async function startCarelessOrigin(): Promise<Target> {
  const received: Received[] = []
  const server = createServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
    received.push({ method: request.method ?? '', target: request.url ?? '', headers: request.rawHeaders })
    request.resume().on('end', () => response.end('served'))
  })
  server.on('connect', (request, socket) => {
    received.push({ method: 'CONNECT', target: request.url ?? '', headers: request.rawHeaders })
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, stop }
}

const applications = (originUrl: string | null) => [
  anApplication({ domain: 'open.example', originUrl, policies: uses(bypass) }),
  anApplication({ domain: 'open.example/admin', originUrl }),
  anApplication({ domain: 'closed.example', originUrl }),
]

/** What a client connects to, by the way that its requests take to the origin. */
const ways: Readonly<Record<string, (origin: string) => Promise<{ readonly url: string; stop(): Promise<void> }>>> = {
  'the gate as a reverse proxy': (origin) => startGate({ applications: applications(origin) }),
  'nginx, which asks the gate': (origin) => startAsking('nginx', origin),
  'Caddy, which asks the gate': (origin) => startAsking('caddy', origin),
  'HAProxy, which asks the gate': (origin) => startAsking('haproxy', origin),
  async 'nginx before the gate as a reverse proxy'(origin) {
    const gate = await startGate({ applications: applications(origin), trusting: true })
    return both(await startNginxBefore(gate.url), gate)
  },
}

async function startAsking(name: ProxyName, origin: string) {
  const gate = await startGate({ applications: applications(null), trusting: true })
  return both(await startProxy(name, { gate: gate.url, origin }), gate)
}

function both(front: { readonly url: string; stop(): Promise<void> }, back: { stop(): Promise<void> }) {
  return { url: front.url, stop: () => front.stop().then(back.stop) }
}

/** Sends these bytes, and waits until the other side closes or has been silent for longer than any answer here takes. */
function attempt(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes, 'latin1'))
    let answer = ''
    socket.setTimeout(400, () => socket.destroy())
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

/** Headers that say who asks, for what, or from where: the client's own word for it must not arrive. */
const claim = /^(cf-(access-|connecting-ip)|x-forwarded-|x-original-|x-rewrite-|x-host$|x-real-ip$|true-client-ip$|forwarded$)/
const marked = /forged|\/admin|closed\.example|203\.0\.113\./

/** What is wrong with a request that arrived, if anything. */
function breachIn({ target, headers }: Received): string | undefined {
  const named = (name: string) => headers.filter((_value, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name)
  const hosts = [...named('host'), /^[a-z]+:\/\/([^/]*)/i.exec(target)?.[1] ?? '']
  if (hosts.some((host) => /closed\.example/i.test(host) || /%|\\|@/.test(host))) return `it arrived for ${hosts}`
  if (canBeReadAsAdmin(target)) return `${target} arrived`
  if (named('content-length').length + named('transfer-encoding').length > 1) return 'it arrived with two lengths'
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at]?.toLowerCase().replaceAll('_', '-'), headers[at + 1]]
    if (claim.test(name) && marked.test(value)) return `${headers[at]}: ${value} arrived`
    if (name === 'cookie' && value.includes('forged')) return `the cookie ${value} arrived`
  }
  return undefined
}

const names = Object.keys(ways).filter((name) => {
  const program = /^(nginx|caddy|haproxy)/.exec(name.toLowerCase())?.[1] as ProxyName | undefined
  return program === undefined || isInstalled(program)
})

test('without a gate, more than 150 of them succeed', { timeout: 60_000 }, async () => {
  const origin = await startCarelessOrigin()
  let successes = 0
  for (const { bytes } of attacks) {
    origin.received.length = 0
    await attempt(origin.url, bytes)
    if (origin.received.some((request) => breachIn(request) !== undefined)) successes++
  }
  await origin.stop()
  expect(successes).toBeGreaterThan(150)
})

describe.each(names)('through %s', (name) => {
  let origin: Target
  let way: { readonly url: string; stop(): Promise<void> }

  beforeAll(async () => {
    origin = await startCarelessOrigin()
    const startWay = ways[name]
    if (startWay === undefined) throw new Error(`no way ${name}`)
    way = await startWay(origin.url)
  })
  afterAll(async () => {
    await way.stop()
    await origin.stop()
  })

  test('what is open is served, and what is not with a token only', async () => {
    const ask = async (host: string, path: string, headers: readonly string[] = []) =>
      (await send(way.url, { path, headers: ['Host', host, ...headers] })).status
    expect(await ask('open.example', '/public?x=1')).toBe(200)
    expect(await ask('open.example', '/admin')).toBe(403)
    expect(await ask('open.example', '/admin/users', credentials)).toBe(200)
    expect(await ask('closed.example', '/x')).toBe(403)
    expect(await ask('closed.example', '/x', credentials)).toBe(200)
    expect(origin.received.map(({ target }) => target)).toEqual(['/public?x=1', '/admin/users', '/x'])
    origin.received.length = 0
  })

  const inVain = async ({ bytes }: Attack) => {
    origin.received.length = 0
    await attempt(way.url, bytes)
    expect(origin.received.map(breachIn).filter((breach) => breach !== undefined)).toEqual([])
  }

  test.each(attacks)('in vain: $name', inVain)

  test('and what is open is still served', async () => {
    expect((await send(way.url, { path: '/public', headers: ['Host', 'open.example'] })).body).toBe('served')
  })
})

test.runIf(isInstalled('nginx'))('nobody outside can ask the gate through nginx', async () => {
  const origin = await startCarelessOrigin()
  for (const [name, path] of [
    ['nginx, which asks the gate', '/_postern'],
    ['nginx before the gate as a reverse proxy', '/authorize'],
    ['nginx before the gate as a reverse proxy', '/authorize/public'],
  ] as const) {
    const way = await ways[name]?.(origin.url)
    origin.received.length = 0
    const { status, headers } = await send(way?.url ?? '', { path, headers: ['Host', 'closed.example', ...credentials] })
    expect([path, status, origin.received]).toEqual([path, 404, []])
    expect(headers.map((name) => name.toLowerCase())).not.toContain('cf-access-jwt-assertion')
    await way?.stop()
  }
  await origin.stop()
})
