import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut, held up and opened again. */
export interface Way {
  readonly port: number
  /** Breaks all connections, and refuses new ones. */
  cut(): void
  /** Connections stay open, and nothing passes: as when a network loses everything. */
  hold(): void
  /** What is open by now stays open, and nothing passes on it any more: as when a machine has vanished. New connections are as good as ever. */
  strand(): void
  /** Lets each piece of data pass only after so many milliseconds. */
  slow(ms: number): void
  open(): void
  close(): Promise<void>
}

export async function wayTo(port: number): Promise<Way> {
  let state: 'open' | 'cut' | 'held' = 'open'
  let delayMs = 0
  const pairs = new Set<readonly [Socket, Socket]>()
  const stranded = new Set<readonly [Socket, Socket]>()
  const server = createServer((from) => {
    if (state === 'cut') return from.destroy()
    const to = connect(port, '127.0.0.1')
    const pair = [from, to] as const
    pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      const other = socket === from ? to : from
      socket.on('data', (chunk) => {
        if (delayMs === 0) other.write(chunk)
        else setTimeout(() => other.write(chunk), delayMs)
      })
      socket.on('error', () => undefined)
      socket.on('close', () => {
        other.destroy()
        pairs.delete(pair)
      })
    }
    if (state === 'held') for (const socket of pair) socket.pause()
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const each = (what: (socket: Socket) => unknown) => {
    for (const pair of pairs) for (const socket of pair) what(socket)
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      each((socket) => socket.destroy())
    },
    hold() {
      state = 'held'
      each((socket) => socket.pause())
    },
    strand() {
      each((socket) => socket.pause())
      for (const pair of pairs) stranded.add(pair)
      pairs.clear()
    },
    slow(ms) {
      delayMs = ms
    },
    open() {
      state = 'open'
      delayMs = 0
      each((socket) => socket.resume())
    },
    async close() {
      for (const pair of stranded) pairs.add(pair)
      each((socket) => socket.destroy())
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
