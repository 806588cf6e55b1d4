import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { get as getOverTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { Client, credentials as channel } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isOnSqlite } from '../any-database.ts'
import { clientFor, machineHeaders, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../postern-process.ts'
import { checkOver, checkRequest } from './proxies/doors.ts'

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

async function start(settings: Readonly<Record<string, string>> = {}) {
  const postern = await startProcess({ folder: folder.path, settings: { WORKERS: '2', ...settings } })
  running.push(postern)
  const { accountId: account_id, apiToken } = shownIn(postern.output())
  const { serviceTokens } = clientFor(postern.apiUrl, apiToken).zeroTrust.access
  return { ...postern, account_id, serviceTokens, issue: (name: string) => serviceTokens.create({ account_id, name }) }
}

/** The processes of its workers. */
function workersOf({ child: { pid } }: PosternProcess): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '),
  )
  return children.filter((child) => child !== '').map(Number)
}

function isAlive(pid: number): boolean {
  try {
    // One that has ended and that nobody has asked about is there still, as a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The status of one request, on a connection of its own unless there is an agent. */
function ask(url: string, headers: Record<string, string>, agent: Agent | false = false): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${url}/authorize`, { headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode as number))
    }).once('error', reject)
  })
}

function askOverTls(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    getOverTls(`${url}/authorize`, { headers, agent: false, rejectUnauthorized: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode as number))
    }).once('error', reject)
  })
}

/** Asks without a pause on many connections until it is told to end. */
function hammer(url: string, headers: Record<string, string>, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const heard: { readonly sentAt: number; readonly status: number }[] = []
  let isOver = false
  const one = async (own: Agent | false) => {
    while (!isOver) {
      const sentAt = performance.now()
      const status = await ask(url, headers, own)
      heard.push({ sentAt, status })
    }
  }
  const all = Array.from({ length: connections * 2 }, (_, index) => one(index % 2 === 0 ? agent : false))
  return {
    heard,
    async end() {
      isOver = true
      await Promise.all(all)
      agent.destroy()
    },
  }
}

async function metric(apiUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${apiUrl}/metrics`)).text()
  const lines = text.split('\n').filter((line) => new RegExp(`^${name}[ {]`).test(line))
  if (lines.length === 0) throw new Error(`there is no metric ${name}`)
  return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
}

describe('with two workers', { timeout: 60_000 }, () => {
  test('once the API has answered, no worker admits a token that was disabled or deleted', async () => {
    // So seldom that only the announcement can be what they know it from.
    const postern = await start({ POLL_INTERVAL: '10m' })
    for (const revoke of ['disable', 'delete'] as const) {
      const token = await postern.issue(revoke)
      const load = hammer(postern.gateUrl, machineHeaders(token), 8)
      await expect.poll(() => load.heard.length).toBeGreaterThan(200)
      const place = { account_id: postern.account_id }
      if (revoke === 'delete') await postern.serviceTokens.delete(token.id as string, place)
      else await postern.serviceTokens.update(token.id as string, { ...place, enabled: false } as never)
      const revokedAt = performance.now()
      const since = () => load.heard.filter(({ sentAt }) => sentAt > revokedAt)
      await expect.poll(() => since().length, { timeout: 20_000 }).toBeGreaterThan(500)
      await load.end()
      expect(load.heard.filter(({ status }) => status === 200).length).toBeGreaterThan(200)
      expect(new Set(since().map(({ status }) => status))).toEqual(new Set([401]))
    }
    expect(workersOf(postern)).toHaveLength(2)
  })

  test('a new token is admitted by all of them as soon as the API has answered', async () => {
    const postern = await start({ POLL_INTERVAL: '10m' })
    for (let round = 0; round < 5; round++) {
      const headers = machineHeaders(await postern.issue(`round ${round}`))
      const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(postern.gateUrl, headers)))
      expect(new Set(statuses)).toEqual(new Set([200]))
    }
  })

  test('one that is killed is replaced, the other goes on meanwhile, and nothing that was counted is lost', async () => {
    const postern = await start()
    const headers = machineHeaders(await postern.issue('lasting'))
    const statuses = await Promise.all(Array.from({ length: 40 }, () => ask(postern.gateUrl, headers)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await metric(postern.apiUrl, 'postern_gate_decisions_total')).toBe(40)

    const [victim, other] = workersOf(postern) as [number, number]
    process.kill(victim, 'SIGKILL')
    await expect.poll(() => isAlive(victim)).toBe(false)
    expect(await ask(postern.gateUrl, headers)).toBe(200)
    await expect.poll(() => metric(postern.apiUrl, 'postern_gate_workers'), { timeout: 20_000 }).toBe(2)
    expect(workersOf(postern)).toContain(other)
    expect(postern.output()).toContain('a gate worker has ended; another takes its place')

    const again = await Promise.all(Array.from({ length: 19 }, () => ask(postern.gateUrl, headers)))
    expect(new Set(again)).toEqual(new Set([200]))
    expect(await metric(postern.apiUrl, 'postern_gate_decisions_total')).toBe(60)
    expect((await fetch(`${postern.apiUrl}/readyz`)).status).toBe(200)
  })

  test('both answer, and what both have counted is one sum; of what each knows there is one', async () => {
    const postern = await start()
    const headers = machineHeaders(await postern.issue('counted'))
    const spent = () => workersOf(postern).map((pid) => readFileSync(`/proc/${pid}/io`, 'utf8').match(/^syscw: (\d+)/m)?.[1])
    const before = spent()
    let asked = 0
    // Which of them takes a connection is for the system to say, so it may take a while until both had some.
    await expect
      .poll(
        async () => {
          await Promise.all(Array.from({ length: 50 }, () => ask(postern.gateUrl, headers)))
          asked += 50
          return Math.min(...spent().map((writes, index) => Number(writes) - Number(before[index])))
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(30)
    expect(await metric(postern.apiUrl, 'postern_gate_decisions_total')).toBe(asked)
    expect(await metric(postern.apiUrl, 'postern_gate_decision_seconds_count')).toBe(asked)
    expect(await metric(postern.apiUrl, 'postern_gate_service_tokens')).toBe(1)
    expect(await metric(postern.apiUrl, 'postern_gate_replica_age_seconds')).toBeLessThan(5)
  })

  test('one that stands still when a change is announced is ended, and the API answers', async () => {
    const postern = await start()
    const token = await postern.issue('revoked')
    const [stopped] = workersOf(postern) as [number]
    process.kill(stopped, 'SIGSTOP')
    await postern.serviceTokens.delete(token.id as string, { account_id: postern.account_id })
    expect(isAlive(stopped)).toBe(false)
    await expect.poll(() => metric(postern.apiUrl, 'postern_gate_workers'), { timeout: 20_000 }).toBe(2)
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(postern.gateUrl, machineHeaders(token))))
    expect(new Set(statuses)).toEqual(new Set([401]))
  })

  test('one that does not answer makes the node not ready, and being ready comes back with it', async () => {
    const postern = await start()
    const [stopped] = workersOf(postern) as [number]
    const readiness = async () => {
      const answer = await fetch(`${postern.apiUrl}/readyz`)
      return { status: answer.status, problems: ((await answer.json()) as { problems: string[] }).problems }
    }
    process.kill(stopped, 'SIGSTOP')
    expect(await readiness()).toEqual({ status: 503, problems: [expect.stringMatching(/^gate worker \d does not answer$/)] })
    // What the other counts is shown all the same.
    expect(await metric(postern.apiUrl, 'postern_gate_workers')).toBe(2)
    process.kill(stopped, 'SIGCONT')
    expect(await readiness()).toEqual({ status: 200, problems: [] })
  })

  test('each speaks HTTPS with the certificate, and answers Envoy', async () => {
    const [cert, key] = [`${folder.path}/gate.crt`, `${folder.path}/gate.key`]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=gate', '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const postern = await start({ GATE_TLS_CERT_FILE: cert, GATE_TLS_KEY_FILE: key, EXT_AUTHZ_LISTEN: '127.0.0.1:0' })
    expect(postern.gateUrl).toMatch(/^https:/)
    const headers = machineHeaders(await postern.issue('over TLS'))
    const statuses = await Promise.all(Array.from({ length: 20 }, () => askOverTls(postern.gateUrl, headers)))
    expect(new Set(statuses)).toEqual(new Set([200]))

    const address = /"ext_authz":"([^"]+)"/.exec(postern.output())?.[1] ?? 'it said no address'
    const knock = checkRequest({ host: 'service.example', headers: Object.entries(headers).flat() })
    const asking = Array.from({ length: 10 }, async () => {
      // A connection each, which the library would otherwise share.
      const client = new Client(address, channel.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
      await checkOver(client, knock)
      client.close()
    })
    await Promise.all(asking)
    const text = await (await fetch(`${postern.apiUrl}/metrics`)).text()
    expect(text).toMatch(/^postern_gate_decisions_total\{.*outcome="current".*\} 30$/m)
  })

  test('a signal ends all of them with 0, whoever else receives it, and the last use is stored', async () => {
    const postern = await start()
    const token = await postern.issue('used')
    await ask(postern.gateUrl, machineHeaders(token))
    const workers = workersOf(postern)
    // As a terminal does: to the whole group.
    for (const pid of workers) process.kill(pid, 'SIGINT')
    expect(await postern.end('SIGINT')).toBe(0)
    expect(workers.filter(isAlive)).toEqual([])
    // Of a file in use, nothing lies beside it any more.
    if (isOnSqlite) expect(readdirSync(`${folder.path}/data`).filter((name) => name.startsWith('postern.db'))).toEqual(['postern.db'])

    const next = await startProcess({ folder: folder.path })
    running.push(next)
    const { accountId: account_id, apiToken } = shownIn(postern.output())
    const seen = await clientFor(next.apiUrl, apiToken).zeroTrust.access.serviceTokens.get(token.id as string, { account_id })
    expect(seen).toHaveProperty('last_seen_at')
  })

  test('none is left behind when the first process is killed', async () => {
    const postern = await start()
    const workers = workersOf(postern)
    expect(workers).toHaveLength(2)
    await postern.end('SIGKILL')
    await expect.poll(() => workers.filter(isAlive), { timeout: 10_000 }).toEqual([])
  })

  test('a port that is taken ends the start, and says so', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(start({ GATE_LISTEN: `127.0.0.1:${port}` })).rejects.toThrow(/gate worker \d could not start: .*EADDRINUSE/)
    other.close()
  })

  test('lines of the access log are whole, whoever writes them', async () => {
    const postern = await start({ ACCESS_LOG: 'all' })
    const headers = machineHeaders(await postern.issue('logged'))
    const load = hammer(postern.gateUrl, headers, 8)
    await expect.poll(() => load.heard.length, { timeout: 20_000 }).toBeGreaterThan(1000)
    await load.end()
    expect(await postern.end('SIGTERM')).toBe(0)
    const lines = postern
      .output()
      .split('\n')
      .filter((line) => line.includes('"admitted"') || line.includes('/authorize"'))
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    expect(lines.length).toBeGreaterThanOrEqual(load.heard.length)
  })
})
