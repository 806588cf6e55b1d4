import { get } from 'node:http'
import { join } from 'node:path'
import type { Installation } from './postern.ts'
import { type Running, start } from './processes.ts'

/** Node's own server with nothing behind it. With headers, it answers with these: a list of names and values. */
export function startBare(headers: readonly string[] = [], core?: number): Promise<Running> {
  const program = [process.execPath, join(import.meta.dirname, 'servers', 'bare.mjs')]
  const command = headers.length === 0 ? program : [...program, JSON.stringify(headers)]
  return start({ command, ready: /ready at (\S+)/, ...(core !== undefined && { core }) })
}

/** Those that Node writes by itself. */
const nodesOwn: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive'])

/** The headers with which Postern admits a token, but for those that Node writes by itself. */
export function answerHeaders(url: string, { credentials: [first] }: Installation): Promise<readonly string[]> {
  const headers = { host: 'app.example.com', 'cf-access-client-id': first?.clientId, 'cf-access-client-secret': first?.secret }
  return new Promise((resolve, reject) => {
    const asking = get(url, { headers, agent: false }, (answer) => {
      const { statusCode, rawHeaders } = answer.resume()
      if (statusCode !== 200) return reject(new Error(`a valid token got ${statusCode}`))
      const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []))
      resolve(pairs.filter(([name]) => !nodesOwn.has(name.toLowerCase())).flat())
    })
    asking.on('error', reject)
  })
}
