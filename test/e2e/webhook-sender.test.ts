import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNameLookups } from '../../src/app/name-lookups.ts'
import { createWebhookSender, type WebhookSender } from '../../src/app/webhook-sender.ts'
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts'

let receiver: WebhookReceiver
let senders: WebhookSender[]
const never = new AbortController().signal
const message = (url: string) => ({ url, secret: 'let-me-in', body: '{"a":1}' })

beforeEach(async () => {
  receiver = await startReceiver()
  senders = []
})
afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.close()))
  await receiver.stop()
})

/** @param mayReach which addresses, asked anew each time */
function sendWith(mayReach: (address: string) => boolean, lookUp = createNameLookups().ofWebhooks) {
  const sender = createWebhookSender(mayReach, lookUp)
  senders.push(sender)
  return sender.send
}

const port = () => new URL(receiver.url).port

describe('an address that may not be reached', () => {
  test('is not, when it stands in the URL', async () => {
    const send = sendWith(() => false)
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '127.1']) {
      expect(await send(message(`http://${host}:${port()}/`), never)).toBe('the address may not be reached')
    }
    expect(receiver.received).toEqual([])
  })

  test('is not, when a name leads there that looked well before', async () => {
    const asked: string[] = []
    const send = sendWith((address) => asked.push(address) === 1)
    expect(await send(message(`http://localhost:${port()}/`), never)).toBe('the address may not be reached')
    expect(asked.length).toBeGreaterThan(1)
    expect(receiver.received).toEqual([])
  })

  test('is passed over for another one of the same name', async () => {
    const send = sendWith((address) => address === '127.0.0.1')
    expect(await send(message(`http://localhost:${port()}/`), never)).toBeUndefined()
    expect(receiver.received).toHaveLength(1)
  })
})

test('names that no server answers for are looked up one at a time', async () => {
  const asked: string[] = []
  const { ofWebhooks } = createNameLookups((name) => {
    asked.push(name)
    return new Promise(() => undefined)
  })
  const send = sendWith(() => true, ofWebhooks)
  const stopping = new AbortController()
  const flaws = [1, 2, 1, 3].map((count) => send(message(`http://dead${count}.example/`), stopping.signal))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(asked).toEqual(['dead1.example'])
  stopping.abort()
  await Promise.all(flaws)
})

test('the message is sent as it is, with the secret in its header, on a connection of its own', async () => {
  const send = sendWith(() => true)
  for (let count = 0; count < 2; count++) expect(await send(message(`${receiver.url}/a?b=c`), never)).toBeUndefined()
  expect(receiver.received).toMatchObject(
    [1, 2].map(() => ({ path: '/a?b=c', body: { a: 1 }, headers: { 'cf-webhook-auth': 'let-me-in' } })),
  )
  expect(receiver.received[1]?.headers['user-agent']).toMatch(/^postern\/\d/)
  expect(receiver.received.map(({ headers }) => headers.connection)).toEqual(['close', 'close'])
})

test.each([
  [199 + 1, undefined],
  [204, undefined],
  [301, 'the answer was 301'],
  [400, 'the answer was 400'],
  [503, 'the answer was 503'],
])('an answer of %i counts as it is', async (status, flaw) => {
  receiver.answer = (response) => response.writeHead(status, { location: `${receiver.url}/again` }).end()
  expect(await sendWith(() => true)(message(receiver.url), never)).toBe(flaw)
  expect(receiver.received).toHaveLength(1)
})

test('what goes wrong is told by its kind, and nothing that the other side says', async () => {
  const send = sendWith(() => true)
  const rude = createServer((socket) => socket.resume().end('SSH-2.0-secret_banner\r\n'))
  await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
  const flaw = await send(message(`http://127.0.0.1:${(rude.address() as { port: number }).port}/`), never)
  await new Promise((resolve) => rude.close(resolve))
  expect(flaw).toMatch(/^the connection failed \(\w+\)$/)
  expect(flaw).not.toContain('banner')
  expect(await send(message('http://127.0.0.1:1/'), never)).toBe('the connection failed (ECONNREFUSED)')
  expect(await send(message('http://nobody.invalid/'), never)).toMatch(/^the connection failed \(E\w+\)$/)
  receiver.answer = (response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end()
  expect(await send(message(receiver.url), never)).toMatch(/^the connection failed \(\w+\)$/)
})

test('a receiver that says nothing, or takes for ever to say it, is left in ten seconds, or as soon as Postern stops', async () => {
  receiver.answer = (response, { path }) => void (path === '/drips' && response.write('a'))
  const send = sendWith(() => true)
  const stopping = new AbortController()
  const [silent, drips] = [send(message(receiver.url), never), send(message(`${receiver.url}/drips`), never)]
  const broken = send(message(receiver.url), stopping.signal)
  await expect.poll(() => receiver.received.length).toBe(3)
  stopping.abort()
  expect(await broken).toBeDefined()
  expect(await silent).toBe('there was no answer within 10 seconds')
  expect(await drips).toBeUndefined()
}, 20_000)
