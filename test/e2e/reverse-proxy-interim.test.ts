import type { ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNameLookups } from '../../src/app/name-lookups.ts'
import { createReverseProxy, type ReverseProxy } from '../../src/gate/reverse-proxy.ts'
import { movableClock, silent } from '../fixtures.ts'
import { type RunningGate, startService } from '../gate-fixtures.ts'
import { sendBytes } from '../raw-http.ts'

let origin: Server
let proxy: ReverseProxy
let service: RunningGate
/** What the origin sends for each request. */
let answer = ''
const responses: ServerResponse[] = []

beforeAll(async () => {
  origin = createServer((socket) => socket.on('error', () => undefined).on('data', () => socket.write(answer)))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const clock = movableClock('2026-01-01T00:00:00Z')
  proxy = createReverseProxy({ isTrusted: () => false, log: silent, clock, loopId: 'postern-here', lookUp: createNameLookups().ofOrigins })
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const application = { id: 'a', originUrl, audience: 'aud', domain: 'a.example' }
  const admitted = { application, assertion: null, setCookie: null, withoutHeader: null }
  service = await startService((request, response) => {
    responses.push(response)
    void proxy.forward(request, response, admitted, 'ray')
  })
})
afterAll(async () => {
  await service.stop()
  await proxy.close()
  await new Promise((resolve) => origin.close(resolve))
})

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const hint = (size: number) => `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(size)}\r\n\r\n`
const request = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'

async function statusesOf(method: string): Promise<readonly number[]> {
  const text = await sendBytes(service.url, `${method} / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`)
  return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
}

describe('what an origin says before its answer', () => {
  test.each(['GET', 'HEAD'])('is passed on up to 32 times, and is a 502 beyond that: %s', async (method) => {
    const hints = Array.from({ length: 32 }, () => 103)
    answer = hint(10).repeat(32) + (method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : ok)
    expect(await statusesOf(method)).toEqual([...hints, 200])
    answer = hint(10).repeat(33) + ok
    expect(await statusesOf(method)).toEqual([...hints, 502])
  })

  test('has no length', async () => {
    answer = `HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\nLink: <a>\r\n\r\n${ok}`
    const text = await sendBytes(service.url, request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n/)
  })

  test('is not kept for a client that does not read', async () => {
    answer = hint(15_000).repeat(32) + ok
    const client = connect(Number(new URL(service.url).port), '127.0.0.1').pause()
    let most = 0
    let isTaken = true
    for (let count = 0; isTaken && count < 200; count++) {
      const begun = responses.length
      client.write(request)
      while (responses.length === begun) await sleep(1)
      const response = responses[begun] as ServerResponse
      const { socket } = response.req
      for (let waited = 0; !response.writableFinished && waited < 300; waited++) await sleep(1)
      isTaken = response.writableFinished
      most = Math.max(most, socket.writableLength)
    }
    client.destroy()
    expect(isTaken).toBe(false)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(50_000)
  })
})
