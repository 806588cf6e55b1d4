// The floor: Node’s own server, which answers every request with an empty 200. With an argument, a JSON list of names and values, with these headers.
import { createServer } from 'node:http'

const headers = process.argv[2] === undefined ? undefined : JSON.parse(process.argv[2])
const answer =
  headers === undefined ? (_request, response) => response.end() : (_request, response) => response.writeHead(200, headers).end()
const server = createServer(answer)
server.keepAliveTimeout = 72_000
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${server.address().port}`))
