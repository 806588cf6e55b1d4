import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { Log } from '../../src/authority/ports.ts'
import { machineHeaders, type Origin, type RunningPostern, silent, startOrigin, startPostern, temporaryFolder } from '../fixtures.ts'
import { startProcess } from '../postern-process.ts'

const folder = temporaryFolder()
const path = (name: string) => join(folder.path, name)
/** No package makes certificates as everybody does. */
const openssl = 'openssl'
let origin: Origin

/** A certificate for this machine, and its key, as `<name>.crt` and `<name>.key`. */
function certify(name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [path(`${name}.crt`), path(`${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync(openssl, ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}

beforeAll(async () => {
  for (const name of ['first', 'second', 'third']) certify(name)
  origin = await startOrigin()
})
afterAll(async () => {
  await origin.stop()
  folder.remove()
})

interface Answered {
  readonly status: number
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** A request over TLS, a POST when it has a body; the certificate must be the one in `ca`. */
function ask(url: string, ca: string, { body: sent, ...headers }: Record<string, string> = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      { ca: readFileSync(ca), method: sent === undefined ? 'GET' : 'POST', headers, agent: false },
      async (answer) => {
        let body = ''
        for await (const chunk of answer) body += chunk
        resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers })
      },
    )
    request.on('error', reject).end(sent)
  })
}

function dial(
  url: string,
  versions: { readonly minVersion?: SecureVersion; readonly maxVersion?: SecureVersion } = {},
): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...versions }, () => resolve(socket))
    socket.on('error', reject)
  })
}

const nameOf = async (url: string) => {
  const socket = await dial(url)
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

describe('with certificates, both listeners speak HTTPS', () => {
  let postern: RunningPostern
  let machine: Record<string, string>

  beforeAll(async () => {
    const api = { API_TLS_CERT_FILE: path('first.crt'), API_TLS_KEY_FILE: path('first.key') }
    const gate = { GATE_TLS_CERT_FILE: path('second.crt'), GATE_TLS_KEY_FILE: path('second.key') }
    const settings = { ...api, ...gate, ORIGIN_URL: origin.url, GATE_HEADERS_TIMEOUT: '500ms', GATE_KEEP_ALIVE_TIMEOUT: '500ms' }
    postern = await startPostern({ settings })
    const { accountId, apiToken } = postern.bootstrap
    const created = await ask(`${postern.apiUrl}/client/v4/accounts/${accountId}/access/service_tokens`, path('first.crt'), {
      ...{ authorization: `Bearer ${apiToken}`, 'content-type': 'application/json', body: '{"name":"machine"}' },
    })
    machine = machineHeaders(JSON.parse(created.body).result)
  })
  afterAll(() => postern.stop())

  test('and their URLs say so', () => {
    expect([postern.apiUrl, postern.gateUrl]).toEqual([expect.stringMatching(/^https:\/\//), expect.stringMatching(/^https:\/\//)])
  })

  test('the gate admits and refuses as ever, and the origin hears that the client came by HTTPS', async () => {
    expect((await ask(`${postern.gateUrl}/authorize`, path('second.crt'), machine)).status).toBe(200)
    expect((await ask(`${postern.gateUrl}/authorize`, path('second.crt'))).status).toBe(403)
    const forged = { ...machine, 'X-Forwarded-For': '192.0.2.1' }
    const { status, body } = await ask(`${postern.gateUrl}/x`, path('second.crt'), forged)
    expect([status, JSON.parse(body).headers['x-forwarded-proto']]).toEqual([200, 'https'])
  })

  test('a connection asks for a proxy, and then for itself', async () => {
    const socket = await dial(postern.gateUrl)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    const lines = Object.entries(machine).map(([name, value]) => `${name}: ${value}\r\n`)
    const requests = ['/authorize', '/authorize', '/x', '/authorize'].map(
      (target) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`,
    )
    for (const [count, request] of requests.entries()) {
      socket.write(request)
      await expect.poll(() => text.split('HTTP/1.1 200 OK').length - 1).toBe(count + 1)
    }
    expect(text).toContain('"x-forwarded-proto":"https"')
    socket.destroy()
  })

  test('the API answers over TLS too', async () => {
    const { status, headers } = await ask(`${postern.apiUrl}/client/v4/accounts`, path('first.crt'), {
      authorization: `Bearer ${postern.bootstrap.apiToken}`,
    })
    expect([status, headers['cf-ray']]).toEqual([200, expect.any(String)])
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused, TLS 1.2 and 1.3 are not', async (version) => {
    for (const url of [postern.apiUrl, postern.gateUrl]) {
      await expect(dial(url, { minVersion: version, maxVersion: version })).rejects.toThrow()
      for (const good of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await dial(url, { minVersion: good, maxVersion: good })
        expect(socket.getProtocol()).toBe(good)
        socket.destroy()
      }
    }
  })

  test('who speaks plain HTTP to such a port, or nothing, is cut off, and harms nobody', async () => {
    const cutOff = (url: string, bytes: string) => {
      const socket = connectPlain(Number(new URL(url).port), '127.0.0.1', () => void socket.write(bytes)).resume()
      return new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve))
    }
    const plain = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    await Promise.all([cutOff(postern.apiUrl, plain), cutOff(postern.gateUrl, plain), cutOff(postern.gateUrl, '')])
    expect((await ask(`${postern.gateUrl}/authorize`, path('second.crt'), machine)).status).toBe(200)
    expect((await ask(`${postern.apiUrl}/livez`, path('first.crt'))).status).toBe(200)
  })

  test('what cannot be read is refused within TLS', async () => {
    const socket = await dial(postern.gateUrl)
    let text = ''
    socket.on('data', (chunk) => (text += chunk)).write('GARBAGE\r\n\r\n')
    await new Promise((resolve) => socket.once('close', resolve))
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Ray ID: [0-9a-f]{16}/)
  })

  test('a request for another protocol than WebSocket is answered as a plain one', async () => {
    const upgrading = { ...machine, connection: 'Upgrade', upgrade: 'h2c' }
    expect((await ask(`${postern.gateUrl}/x`, path('second.crt'), upgrading)).status).toBe(200)
  })

  test('connections that are at work are not cut by a stop, and those that are not are', async () => {
    const another = await startPostern({
      settings: {
        GATE_TLS_CERT_FILE: path('second.crt'),
        GATE_TLS_KEY_FILE: path('second.key'),
        ORIGIN_URL: origin.url,
        SHUTDOWN_TIMEOUT: '10m',
      },
    })
    await dial(another.gateUrl)
    const used = await dial(another.gateUrl)
    used.write('GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n')
    await new Promise((resolve) => used.once('data', resolve))
    await another.stop()
  })
})

test('a WebSocket opens through TLS, on both sides of the gate, and ends when the gate stops', async () => {
  const { createServer } = await import('node:https')
  const server = createServer({ cert: readFileSync(path('third.crt')), key: readFileSync(path('third.key')) })
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const postern = await startProcess({
    folder: folder.path,
    settings: {
      ...{ ORIGIN_URL: `https://localhost:${port}`, GATE_TLS_CERT_FILE: path('second.crt'), GATE_TLS_KEY_FILE: path('second.key') },
      ...{ BOOTSTRAP_ACCOUNT_ID: 'a'.repeat(32), BOOTSTRAP_API_TOKEN: 't'.repeat(40), SHUTDOWN_TIMEOUT: '10m' },
    },
    environment: { NODE_EXTRA_CA_CERTS: path('third.crt') },
  })
  const created = await fetch(`${postern.apiUrl}/client/v4/accounts/${'a'.repeat(32)}/access/service_tokens`, {
    ...{ method: 'POST', body: '{"name":"machine"}' },
    headers: { authorization: `Bearer ${'t'.repeat(40)}`, 'content-type': 'application/json' },
  })
  const { result } = (await created.json()) as { result: Record<string, string> }
  const socket = new WebSocket(postern.gateUrl.replace('https', 'wss'), {
    ca: readFileSync(path('second.crt')),
    headers: machineHeaders(result),
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const heard = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  socket.send('hello')
  expect(await heard).toBe('echo hello')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  expect(await postern.end('SIGTERM')).toBe(0)
  await closed
  server.close()
})

describe('a certificate that is renewed', () => {
  const logged: string[] = []
  const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { ...silent, info: note, error: note }
  let postern: RunningPostern | undefined
  const live = () => path('live')
  const settings = () => ({
    GATE_TLS_CERT_FILE: join(live(), 'tls.crt'),
    GATE_TLS_KEY_FILE: join(live(), 'tls.key'),
    ORIGIN_URL: origin.url,
  })

  /** A folder as a secret of Kubernetes is mounted: the files are symbolic links through `..data`, and only that one is swapped. */
  function mount(name: string): void {
    const version = join(live(), `..${name}`)
    mkdirSync(version, { recursive: true })
    copyFileSync(path(`${name}.crt`), join(version, 'tls.crt'))
    copyFileSync(path(`${name}.key`), join(version, 'tls.key'))
    symlinkSync(`..${name}`, join(live(), '..data_tmp'))
    renameSync(join(live(), '..data_tmp'), join(live(), '..data'))
  }

  afterEach(async () => {
    await postern?.stop()
    postern = undefined
    logged.length = 0
    rmSync(live(), { recursive: true, force: true })
  })

  test('is taken up when its files are written, and connections that are open go on', async () => {
    mkdirSync(live())
    copyFileSync(path('first.crt'), join(live(), 'tls.crt'))
    copyFileSync(path('first.key'), join(live(), 'tls.key'))
    postern = await startPostern({ settings: settings(), log })
    const { gateUrl } = postern
    const before = await dial(gateUrl)
    expect(await nameOf(gateUrl)).toBe('first')
    copyFileSync(path('second.crt'), join(live(), 'tls.crt'))
    copyFileSync(path('second.key'), join(live(), 'tls.key'))
    await expect.poll(() => nameOf(gateUrl), { timeout: 15_000, interval: 200 }).toBe('second')
    expect((await ask(`${gateUrl}/authorize`, path('second.crt'))).status).toBe(403)
    before.write('GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(String(await new Promise((resolve) => before.once('data', resolve)))).toMatch(/^HTTP\/1\.1 403/)
    expect(before.getPeerCertificate().subject.CN).toBe('first')
    before.destroy()
    expect(logged.filter((line) => line.includes('certificate'))).toEqual(['a renewed certificate is in use {"listener":"gate"}'])
  })

  test('is taken up when Kubernetes swaps the symbolic link above it', async () => {
    mkdirSync(live())
    mount('first')
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(live(), name))
    postern = await startPostern({ settings: settings(), log })
    const { gateUrl } = postern
    expect(await nameOf(gateUrl)).toBe('first')
    mount('second')
    await expect.poll(() => nameOf(gateUrl), { timeout: 15_000, interval: 200 }).toBe('second')
  })

  test('but cannot be used is told of in one line, and the one before stays until there is a good one', async () => {
    mkdirSync(live())
    mount('first')
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(live(), name))
    postern = await startPostern({ settings: settings(), log })
    const { gateUrl } = postern
    copyFileSync(path('second.crt'), join(live(), '..data', 'tls.crt'))
    const problems = () => logged.filter((line) => line.startsWith('the new certificate cannot be used'))
    await expect.poll(problems, { timeout: 15_000 }).toEqual([expect.stringContaining('POSTERN_GATE_TLS_KEY_FILE')])
    expect(await nameOf(gateUrl)).toBe('first')
    copyFileSync(path('second.key'), join(live(), '..data', 'tls.key'))
    await expect.poll(() => nameOf(gateUrl), { timeout: 15_000, interval: 200 }).toBe('second')
    expect(problems()).toHaveLength(1)
  })
})

describe('a start with a wrong certificate fails, makes no database, and names the setting:', () => {
  const start = (settings: Record<string, string>) =>
    startPostern({ settings }).then((started) => started.stop().then(() => 'it started'), String)

  test.each([
    [
      'a certificate without its key',
      () => ({ GATE_TLS_CERT_FILE: path('first.crt') }),
      /POSTERN_GATE_TLS_CERT_FILE is set without POSTERN_GATE_TLS_KEY_FILE/,
    ],
    [
      'a key without its certificate',
      () => ({ API_TLS_KEY_FILE: path('first.key') }),
      /POSTERN_API_TLS_KEY_FILE is set without POSTERN_API_TLS_CERT_FILE/,
    ],
    [
      'a file that is not there',
      () => gatePair('first.crt', 'nowhere.key'),
      /POSTERN_GATE_TLS_KEY_FILE: .*nowhere\.key cannot be read: ENOENT/,
    ],
    ['a file that holds something else', () => gatePair('first.key', 'first.key'), /POSTERN_GATE_TLS_CERT_FILE: .*holds no certificate/],
    ['no key', () => gatePair('first.crt', 'first.crt'), /POSTERN_GATE_TLS_KEY_FILE: .*holds no private key/],
    [
      'the key of another',
      () => gatePair('first.crt', 'second.key'),
      /POSTERN_GATE_TLS_KEY_FILE: .*second\.key holds another key than that of the certificate in .*first\.crt/,
    ],
  ])('%s', async (_what, settings, problem) => {
    expect(await start(settings())).toMatch(problem)
  })

  test('all problems together', async () => {
    const problems = await start({ API_TLS_KEY_FILE: path('first.key'), ...gatePair('first.crt', 'second.key') })
    expect(problems).toMatch(/API_TLS_CERT_FILE[\s\S]*GATE_TLS_KEY_FILE/)
    expect(problems).not.toContain('PRIVATE KEY')
  })

  test('in a process, as a line without a stack', async () => {
    writeFileSync(path('empty.key'), '')
    const error = await startProcess({ folder: folder.path, settings: gatePair('first.crt', 'empty.key') }).then(() => 'it started', String)
    expect(error).toContain('POSTERN_GATE_TLS_KEY_FILE')
    expect(error).not.toContain('    at ')
  })

  function gatePair(cert: string, key: string): Record<string, string> {
    return { GATE_TLS_CERT_FILE: path(cert), GATE_TLS_KEY_FILE: path(key) }
  }
})
