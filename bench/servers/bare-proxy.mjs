// A reverse proxy that only passes on: the library that Postern uses with the same settings, and no check. Argument: the origin's URL.
import { createServer } from 'node:http'
import { pipeline } from 'node:stream'
import { Agent, buildConnector } from 'undici'

const [, , origin] = process.argv
const connect = buildConnector({ timeout: 10_000 })
const agent = new Agent({ headersTimeout: 60_000, bodyTimeout: 0, connect })
/** A proxy may not pass these on (RFC 9110, section 7.6.1). */
const perConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'])

function endToEnd(raw) {
  const kept = []
  for (let at = 0; at < raw.length; at += 2) if (!perConnection.has(raw[at].toLowerCase())) kept.push(raw[at], raw[at + 1])
  return kept
}

const server = createServer(async (request, response) => {
  const { method, url: path, rawHeaders } = request
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  try {
    const sent = { origin, path, method, headers: endToEnd(rawHeaders), body: hasBody ? request : null, responseHeaders: 'raw' }
    const { statusCode, headers, body } = await agent.request(sent)
    response.writeHead(statusCode, endToEnd(headers))
    pipeline(body, response, () => undefined)
  } catch {
    response.writeHead(502).end()
  }
})
server.keepAliveTimeout = 72_000
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${server.address().port}`))
