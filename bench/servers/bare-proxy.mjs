// A reverse proxy that only passes on: the library that Postern uses with the same settings, and no check. Bodies are streams both ways, no faster than whoever
// takes them, and a failure before the answer is a 502. Arguments: the origin's URL, and how the library is used: `request`, its usual way, with a stream for
// an answer and a pipeline from there to the client; or `dispatch`, on which that is built, and which Postern uses.
import { createServer } from 'node:http'
import { pipeline } from 'node:stream'
import { Agent, buildConnector } from 'undici'

const [, , origin, way] = process.argv
const connect = buildConnector({ timeout: 10_000 })
const agent = new Agent({ headersTimeout: 60_000, bodyTimeout: 0, connect })
/** A proxy may not pass these on (RFC 9110, section 7.6.1). */
const perConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'])

function endToEnd(raw) {
  const kept = []
  for (let at = 0; at < raw.length; at += 2) if (!perConnection.has(raw[at].toLowerCase())) kept.push(raw[at], raw[at + 1])
  return kept
}

async function request(sent, response) {
  try {
    const { statusCode, headers, body } = await agent.request({ ...sent, responseHeaders: 'raw' })
    response.writeHead(statusCode, endToEnd(headers))
    pipeline(body, response, () => undefined)
  } catch {
    response.writeHead(502).end()
  }
}

function dispatch(sent, response) {
  let atOrigin
  let isOver = false
  response.on('close', () => {
    if (!isOver) atOrigin?.abort(new Error('the client has left'))
  })
  agent.dispatch(sent, {
    onRequestStart(controller) {
      atOrigin = controller
    },
    onResponseStart({ rawHeaders }, statusCode) {
      if (statusCode >= 200) response.writeHead(statusCode, endToEnd(rawHeaders.map((text) => text.toString('latin1'))))
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      isOver = true
      response.end()
    },
    onResponseError() {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  })
}

const passOn = way === 'dispatch' ? dispatch : request
const server = createServer((asked, response) => {
  const { method, url: path, rawHeaders, headers } = asked
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  void passOn({ origin, path, method, headers: endToEnd(rawHeaders), body: hasBody ? asked : null }, response)
})
server.keepAliveTimeout = 72_000
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${server.address().port}`))
