import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { clientFor, machineHeaders, type Origin, startOrigin, temporaryFolder } from './fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from './postern-process.ts'
import { type RawAnswer, type RawRequest, send } from './raw-http.ts'

/** The application as a process of its own, with one service token, and what can be done to it. */
export interface AttackBench {
  readonly postern: PosternProcess
  /** Header lines of the service token, each with its line end. */
  readonly lines: string
  /** A request of somebody who means well, from an address of their own. */
  ask(request?: RawRequest): Promise<RawAnswer>
  /** A connection to the gate from an address of this machine. */
  dial(from: string, bytes?: string): Dialed
  /** Memory of the process at this moment. */
  residentBytes(): number
  stop(): Promise<void>
}

export interface Dialed {
  readonly socket: Socket
  readonly text: () => string
  readonly closed: Promise<void>
}

/** Linux gives this machine every address that begins with 127. */
export async function startAttackBench(settings: Readonly<Record<string, string>>, origin?: string): Promise<AttackBench> {
  const folder = temporaryFolder()
  const echo: Origin | undefined = origin === undefined ? await startOrigin() : undefined
  const postern = await startProcess({ folder: folder.path, settings: { ORIGIN_URL: origin ?? echo?.url ?? '', ...settings } })
  const { accountId: account_id, apiToken } = shownIn(postern.output())
  const token = await clientFor(postern.apiUrl, apiToken).zeroTrust.access.serviceTokens.create({ account_id, name: 'machine' })
  const headers = Object.entries(machineHeaders(token)).flat()
  const sockets: Socket[] = []
  return {
    postern,
    lines: headers.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join(''),
    ask: (request) => send(postern.gateUrl, { ...request, headers: [...headers, ...(request?.headers ?? [])] }),
    dial(from, bytes) {
      const { hostname, port } = new URL(postern.gateUrl)
      const socket = connect({ port: Number(port), host: hostname, localAddress: from })
      sockets.push(socket)
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined)
      if (bytes !== undefined) socket.write(bytes, 'latin1')
      return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve())) }
    },
    residentBytes() {
      const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${postern.child.pid}/status`, 'utf8')) ?? []
      return Number(kilobytes) * 1024
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await postern.end('SIGKILL')
      await echo?.stop()
      folder.remove()
    },
  }
}

/** How many established connections this machine has at a port of its own. */
export function openConnections(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const established = '01'
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
  return rows.filter(([, address, , state]) => address?.endsWith(local) && state === established).length
}
