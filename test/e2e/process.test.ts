import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isOnSqlite } from '../any-database.ts'
import { clientFor, machineHeaders, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../postern-process.ts'

const run = promisify(execFile)
let folder: ReturnType<typeof temporaryFolder>
let running: PosternProcess[] = []

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  running = []
  folder.remove()
})

async function start(settings: Readonly<Record<string, string>> = {}): Promise<PosternProcess> {
  const started = await startProcess({ folder: folder.path, settings })
  running.push(started)
  return started
}

test('the first start shows credentials that work, and curl lines that do what they say', async () => {
  const postern = await start()
  const { accountId, zoneId, email, apiKey, apiToken } = shownIn(postern.output())
  expect([accountId, zoneId]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)])
  expect([email, apiKey, apiToken]).toEqual([
    'owner@access.localhost',
    expect.stringMatching(/^psk_\w{48}$/),
    expect.stringMatching(/^psu_\w{48}$/),
  ])

  const lines = postern
    .output()
    .split('\n')
    .filter((line) => /^(TOKEN=\$\()?curl /.test(line))
  expect(lines).toHaveLength(3)
  const { stdout } = await run('sh', ['-c', lines.join('\necho =====\n')])
  const [created, withToken, without] = stdout.split('=====\n')
  expect(JSON.parse(created as string)).toMatchObject({ success: true, result: { client_secret: expect.stringMatching(/^pst_/) } })
  expect(withToken).toMatch(/^HTTP\/1.1 200 /)
  expect(without).toMatch(/^HTTP\/1.1 403 /)
})

test('it ends with 0 when asked to stop, whatever has been listed and searched or still is', async () => {
  const postern = await start()
  const { accountId: account_id, apiToken } = shownIn(postern.output())
  const { serviceTokens } = clientFor(postern.apiUrl, apiToken).zeroTrust.access
  await serviceTokens.create({ account_id, name: 'listed' })
  for (const query of [{}, { name: 'listed' }, { search: 'LIST' }]) {
    const page = await serviceTokens.list({ account_id, ...query })
    expect(page.result.map(({ name }) => name)).toEqual(['listed'])
  }
  const lists = Array.from({ length: 20 }, () => serviceTokens.list({ account_id, search: 'e' }).catch(() => undefined))
  expect(await postern.end('SIGTERM')).toBe(0)
  await Promise.all(lists)
  // Of a file in use, nothing lies beside it any more.
  if (isOnSqlite) expect(readdirSync(join(folder.path, 'data')).filter((name) => name.startsWith('postern.db'))).toEqual(['postern.db'])
})

test('a second start keeps everything and shows no secret', async () => {
  const first = await start()
  const { accountId, apiKey, apiToken } = shownIn(first.output())
  const token = await clientFor(first.apiUrl, apiToken).zeroTrust.access.serviceTokens.create({ account_id: accountId, name: 'kept' })
  expect(await first.end('SIGINT')).toBe(0)

  const second = await start()
  for (const secret of [apiKey, apiToken, 'API token', 'psu_', 'psk_']) expect(second.output()).not.toContain(secret)
  expect(second.output()).toContain(`${second.apiUrl}/client/v4`)
  const found = await clientFor(second.apiUrl, apiToken).zeroTrust.access.serviceTokens.get(token.id as string, { account_id: accountId })
  expect(found.name).toBe('kept')
  expect((await fetch(`${second.gateUrl}/authorize`, { headers: machineHeaders(token) })).status).toBe(200)
})

test('SIGINT and SIGTERM let a request under way finish, store the last use, and end with 0', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const origin = await slowOrigin()
    folder.remove()
    folder = temporaryFolder()
    const postern = await start({ ORIGIN_URL: origin.url })
    const { accountId, apiToken } = shownIn(postern.output())
    const token = await clientFor(postern.apiUrl, apiToken).zeroTrust.access.serviceTokens.create({ account_id: accountId, name: signal })

    const answer = fetch(`${postern.gateUrl}/slow`, { headers: machineHeaders(token) })
    await origin.arrived
    const ended = postern.end(signal)
    await expect.poll(() => postern.output()).toContain('stopping')
    origin.answer()
    expect(await (await answer).text()).toBe('finished')
    expect(await ended).toBe(0)
    origin.server.close()

    const next = await start()
    const seen = await clientFor(next.apiUrl, apiToken).zeroTrust.access.serviceTokens.get(token.id as string, { account_id: accountId })
    expect(seen).toHaveProperty('last_seen_at')
    await next.end('SIGINT')
  }
})

test('a request that never ends is cut at the shutdown timeout, and the last use is stored all the same', async () => {
  const origin = await slowOrigin()
  const postern = await start({ ORIGIN_URL: origin.url, SHUTDOWN_TIMEOUT: '100ms' })
  const { accountId, apiToken } = shownIn(postern.output())
  const token = await clientFor(postern.apiUrl, apiToken).zeroTrust.access.serviceTokens.create({ account_id: accountId, name: 'endless' })
  const answer = fetch(`${postern.gateUrl}/endless`, { headers: machineHeaders(token) })
  await origin.arrived
  const cut = expect(answer).rejects.toThrow()
  expect(await postern.end('SIGTERM')).toBe(0)
  await cut
  origin.server.closeAllConnections()
  origin.server.close()

  const next = await start()
  const seen = await clientFor(next.apiUrl, apiToken).zeroTrust.access.serviceTokens.get(token.id as string, { account_id: accountId })
  expect(seen).toHaveProperty('last_seen_at')
})

test('connections that never send a request do not hold up a stop', async () => {
  const postern = await start({ SHUTDOWN_TIMEOUT: '10m' })
  const silent = await Promise.all([postern.apiUrl, postern.gateUrl].map(connected))
  expect(await postern.end('SIGTERM')).toBe(0)
  for (const socket of silent) socket.destroy()
})

test('where nobody reads standard output, the first credentials go to the other stream', async () => {
  const postern = await startProcess({ folder: folder.path, stdoutClosed: true })
  running.push(postern)
  await expect.poll(() => shownIn(postern.output()).apiToken).toMatch(/^psu_/)
  expect(await postern.end('SIGTERM')).toBe(0)
})

test('chosen credentials are taken as they are and never shown', async () => {
  const chosen = { accountId: 'a'.repeat(32), apiKey: 'k'.repeat(37), apiToken: 't'.repeat(40) }
  writeFileSync(join(folder.path, 'token'), `${chosen.apiToken}\n`)
  const postern = await start({
    ...{ BOOTSTRAP_ACCOUNT_ID: chosen.accountId, BOOTSTRAP_API_KEY: chosen.apiKey, BOOTSTRAP_EMAIL: 'ops@example.com' },
    BOOTSTRAP_API_TOKEN_FILE: join(folder.path, 'token'),
  })
  const { result } = await clientFor(postern.apiUrl, chosen.apiToken).zeroTrust.access.serviceTokens.list({ account_id: chosen.accountId })
  expect(result).toEqual([])
  for (const secret of [chosen.apiKey, chosen.apiToken]) expect(postern.output()).not.toContain(secret)
})

test('a wrong configuration ends at once, names every problem and makes no database', async () => {
  const wrong = { API_LISTEN: 'nowhere', LOG_LEVEL: 'loud', POLL_INTERVAL: '0s', NO_SUCH_SETTING: '1', BOOTSTRAP_API_TOKEN: 'short' }
  const error = await start(wrong).then(
    () => new Error('it started'),
    (reason: Error) => reason,
  )
  for (const name of Object.keys(wrong)) expect(error.message).toContain(`POSTERN_${name}`)
  expect(error.message).not.toContain('    at ')
  expect(error.message).not.toContain('short')
  expect(existsSync(join(folder.path, 'data'))).toBe(false)
})

test('a port that is taken is named, with what to do', async () => {
  const first = await start()
  const { port } = new URL(first.apiUrl)
  folder = temporaryFolder()
  await expect(start({ API_LISTEN: `127.0.0.1:${port}` })).rejects.toThrow(/EADDRINUSE.*--api-listen/s)
})

function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(socket))
    socket.on('error', () => undefined)
  })
}

interface SlowOrigin {
  readonly url: string
  readonly server: Server
  /** Resolves when a request has come in. */
  readonly arrived: Promise<void>
  answer(): void
}

async function slowOrigin(): Promise<SlowOrigin> {
  let answer: () => void = () => undefined
  let hasArrived: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    hasArrived = resolve
  })
  const server = createServer((_request, response) => {
    answer = () => response.end('finished')
    hasArrived()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, arrived, answer: () => answer() }
}
