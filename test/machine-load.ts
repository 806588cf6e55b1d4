import { connect, type Socket } from 'node:net'

/** Requests to the gate without a pause, over connections that stay open. Each asks with the credentials of the moment. */
export interface Load {
  /** Answers by status, so far. `0` counts connections that broke. */
  readonly answers: ReadonlyMap<number, number>
  /** Ends the load once every answer under way has come. */
  stop(): Promise<void>
}

export function startLoad(gateUrl: string, connections: number, credentials: () => readonly [clientId: string, secret: string]): Load {
  const { hostname, port } = new URL(gateUrl)
  const answers = new Map<number, number>()
  let isOver = false

  const count = (status: number) => answers.set(status, (answers.get(status) ?? 0) + 1)

  function ask(socket: Socket): void {
    const [clientId, secret] = credentials()
    socket.write(
      `GET /authorize HTTP/1.1\r\nHost: load.example\r\nCF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: ${secret}\r\n\r\n`,
    )
  }

  function client(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => ask(socket))
      let isDone = false
      // One request at a time, and answers without a body that matters: the first line of a chunk is a status line.
      socket.on('data', (chunk: Buffer) => {
        const line = chunk.toString('latin1', 0, 12)
        if (!line.startsWith('HTTP/1.1 ')) return
        count(Number(line.slice(9)))
        if (isOver) {
          isDone = true
          socket.destroy()
        } else ask(socket)
      })
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (!isDone) count(0)
        resolve()
      })
    })
  }

  const clients = Array.from({ length: connections }, client)
  return {
    answers,
    async stop() {
      isOver = true
      await Promise.all(clients)
    },
  }
}
