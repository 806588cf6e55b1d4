import { expect, test } from 'vitest'
import { createAnswerRules, type ObservedAnswer } from '../answer-rules.ts'
import { plantedTree } from './planted-tree.ts'

const violationsIn = createAnswerRules()

const verified = { id: 'ed17574386854bf78a67040be0a770b0', status: 'active' }
const envelope = { result: verified as unknown, success: true, errors: [] as readonly unknown[], messages: [] }
const headers = { 'content-type': 'application/json', 'cf-ray': '0123456789abcdef' }
const good = { method: 'GET', url: '/client/v4/user/tokens/verify', status: 200, headers, body: JSON.stringify(envelope) }
const refused = (...codes: readonly number[]) =>
  JSON.stringify({ ...envelope, result: null, success: false, errors: codes.map((code) => ({ code, message: 'no' })) })
const shows = (result: unknown) => JSON.stringify({ ...envelope, result })

test.each<[string, Partial<ObservedAnswer>]>([
  ['what was asked for', {}],
  ['with a query', { url: `${good.url}?a=1` }],
  ['a refusal', { status: 401, body: refused(1000) }],
  ['no such path', { url: '/client/v4/nothing', status: 404, body: refused(7003, 7000) }],
  ['no such method', { method: 'PUT', status: 405, headers: { ...headers, allow: 'GET, HEAD, OPTIONS' }, body: refused(10405) }],
  ['the methods', { method: 'OPTIONS', status: 204, headers: { 'cf-ray': headers['cf-ray'], allow: 'GET' }, body: '' }],
])('an answer as documented is let through: %s', (_what, answer) => {
  expect(violationsIn({ ...good, ...answer })).toEqual([])
})

test.each<[string, Partial<ObservedAnswer>, RegExp]>([
  ['a field that is not documented', { body: shows({ ...verified, owner: 'me' }) }, /^body\/result .*"additionalProperty":"owner"/],
  ['a field missing', { body: shows({ id: verified.id }) }, /^body\/result .*required.*status/],
  ['a value of another form', { body: shows({ ...verified, status: 'fine' }) }, /^body\/result\/status /],
  ['a field beside the result', { body: JSON.stringify({ ...envelope, page: 1 }) }, /^body .*"page"/],
  ['no result', { body: shows(null) }, /^body\/result must be object/],
  ['errors in a success', { body: JSON.stringify({ ...envelope, errors: [{}] }) }, /^body\/errors /],
  ['no JSON', { body: 'ok' }, /^body must be object/],
  ['nothing', { body: '' }, /^body must be object/],
  ['another content type', { headers: { ...headers, 'content-type': 'application/json; charset=utf-8' } }, /^content-type is .*charset/],
  ['no content type', { headers: { 'cf-ray': headers['cf-ray'] } }, /^content-type is undefined/],
  ['no cf-ray of the right form', { headers: { ...headers, 'cf-ray': 'x' } }, /^header cf-ray /],
  ['a version where there is none', { headers: { ...headers, etag: '"1"' } }, /^header etag is not documented/],
  ['a status that is not documented', { status: 202 }, /^status 202 is not documented/],
  ['the status of another operation', { status: 412, body: refused(12130) }, /^status 412 /],
  ['a number that does not go with the status', { status: 401, body: refused(10000) }, /^body\/errors\/0\/code .*1000/],
  ['a refusal without a reason', { status: 401, body: refused() }, /^body\/errors /],
  ['a path that there is not, answered', { url: '/client/v4/nothing' }, /^status 200 is not documented/],
  ['a method that there is not, answered', { method: 'PUT' }, /^status 200 is not documented/],
  ['a wrong method without Allow', { method: 'PUT', status: 405, body: refused(10405) }, /^header allow is missing/],
  ['a preflight with a body', { method: 'OPTIONS', status: 204, headers: { allow: 'GET' } }, /^OPTIONS answers/],
])('an answer that is not as documented is caught: %s', (_what, answer, violation) => {
  expect(violationsIn({ ...good, ...answer })).toEqual(expect.arrayContaining([expect.stringMatching(violation)]))
})

const planted = `
import { createServer } from 'node:http'
import { test } from 'vitest'

test('speaks to a server that tells more than is documented', async () => {
  const server = createServer((request, response) => {
    const isOurs = request.url !== '/client/v4/of/another/server'
    const body = ${JSON.stringify(shows({ ...verified, planted: true }))}
    response.writeHead(200, { 'Content-Type': 'application/json', ...(isOurs && { 'CF-Ray': '0123456789abcdef' }) })
    response.write(body.slice(0, 40))
    response.end(body.slice(40))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = server.address() as { port: number }
  const at = (path: string, method = 'GET') => fetch('http://127.0.0.1:' + port + path, { method })
  for (const path of ['/client/v4/user/tokens/verify', '/client/v4/of/another/server', '/elsewhere']) await (await at(path)).text()
  await at('/client/v4/user', 'HEAD')
  server.close()
})
`

test('a wrong answer fails the test file in which it was given, and names the test, the request and the field', async () => {
  const tree = plantedTree()
  const scripts = { planted: 'vitest run test/planted.test.ts' }
  tree.plant({
    ...{ 'package.json': JSON.stringify({ type: 'module', version: '0.0.0', scripts }), 'test/planted.test.ts': planted },
    // Nothing here starts the built program.
    'test/build-once.ts': 'export const setup = () => undefined\n',
  })
  const { code, output } = await tree.run('planted')
  tree.remove()
  expect(code).not.toBe(0)
  expect(output).toContain('1 answers are not as the OpenAPI document says')
  expect(output).toMatch(/speaks to a server that tells more than is documented\n\s+GET \/client\/v4\/user\/tokens\/verify → 200 /)
  expect(output).toMatch(/body\/result must NOT have additional properties \{"additionalProperty":"planted"\}/)
  expect(output).toMatch(/Tests\s+1 passed/)
})
