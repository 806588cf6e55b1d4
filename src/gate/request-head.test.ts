import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { send } from '../../test/raw-http.ts'
import { readHead } from './request-head.ts'

let heard: IncomingMessage | undefined
const server = createServer((request, response) => {
  heard = request
  response.end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(() => void server.close())

const names = [
  ...['Host', 'Cookie', 'Transfer-Encodings', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Uri', 'X-Forwarded-Method'],
  ...['X-Original-Url', 'X-Original-Uri', 'X-Original-Method', 'X-Originaltheurl', 'X-Forwarded_For', 'Hosts', 'Hose', 'Cookjf'],
]
const inAnyCase = fc
  .constantFrom(...names)
  .chain((name) =>
    fc
      .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
      .map((upper) => [...name].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter.toLowerCase())).join('')),
  )

test('a head says what Node’s headers say, whatever is repeated and in whatever case', async () => {
  const headers = fc.array(fc.tuple(inAnyCase, fc.constantFrom('a', 'b=1', 'c.example', '')), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(headers, async (lines) => {
      await send(url, { path: '/', headers: ['Host', 'first.example', ...lines.flat()] })
      const { rawHeaders = [], headers: shown = {} } = heard ?? {}
      const { hosts, ...head } = readHead(rawHeaders)
      expect(hosts).toBe(rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length)
      expect(head).toEqual({
        ...{ host: shown.host, cookie: shown.cookie, transferEncoding: shown['transfer-encoding'], forwardedFor: shown['x-forwarded-for'] },
        ...{ forwardedHost: shown['x-forwarded-host'], forwardedUri: shown['x-forwarded-uri'] },
        ...{ forwardedMethod: shown['x-forwarded-method'], originalUrl: shown['x-original-url'], originalUri: shown['x-original-uri'] },
        originalMethod: shown['x-original-method'],
      })
    }),
    { numRuns: 150 },
  )
})
