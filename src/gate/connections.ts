import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { peerAddress } from './peer.ts'
import { createPlaces, type Place, type PlaceLimits } from './places.ts'

export interface Connections {
  /**
   * Closes the server: `stop` makes it refuse new connections and resolves when there are none left. Requests under way have until `timeoutMs`;
   * connections between two requests and WebSockets end at once.
   */
  close(stop: () => Promise<unknown>, timeoutMs: number): Promise<void>
}

/** Requests of one connection under way: HTTP/1.1 lets a client send the next ones without waiting, and each may keep an origin or the database at work. */
const maxPipelined = 32

/** The place of the connection that an answer goes to, until it has ended. */
const placeOfAnswer = Symbol('place')
type Answer = ServerResponse & { [placeOfAnswer]?: Place | undefined }

/** Clients keep connections open for their next request, so they are cut as they fall idle. */
const cutEveryMs = 20

/** Holds a server to its limits, and knows which of its connections are at work. Call it when the server has all its listeners. */
export function watchConnections(server: Server, limits: PlaceLimits): Connections {
  const places = createPlaces(limits)
  const tunnels = new Set<Place>()
  const placeOf = new WeakMap<Socket, Place>()
  /** For TLS, whose server shows another socket than the one that was accepted. */
  const placeAt = new Map<string, Place>()

  server.on('connection', (socket) => {
    if (isHeardAgain(socket)) return
    const place = places.take(socket, peerAddress({ socket }))
    if (place === undefined) return void socket.destroy()
    const peer = peerOf(socket)
    placeOf.set(socket, place)
    placeAt.set(peer, place)
    socket.once('close', () => {
      places.leave(place)
      tunnels.delete(place)
      if (placeAt.get(peer) === place) placeAt.delete(peer)
    })
  })

  server.on('secureConnection', (socket: TLSSocket) => {
    const place = placeAt.get(peerOf(socket))
    if (!isHeardAgain(socket) && place !== undefined) placeOf.set(socket, place)
  })

  /** What was an upgrade may be heard again as a plain request, on the same connection. */
  function isHeardAgain(socket: Socket): boolean {
    const place = placeOf.get(socket)
    if (place === undefined) return false
    if (tunnels.delete(place)) places.wait(place)
    return true
  }

  const answering = ({ socket }: IncomingMessage, response: Answer) => {
    const place = placeOf.get(socket)
    if (place === undefined) return
    if (place.open++ === 0) places.busy(place)
    response[placeOfAnswer] = place
    response.on('close', answered)
    if (place.open > maxPipelined) socket.destroy()
  }
  /** One function for all answers. Of an end that is one it may hear twice: another part of the gate tells of it again. */
  function answered(this: Answer): void {
    const place = this[placeOfAnswer]
    if (place === undefined) return
    this[placeOfAnswer] = undefined
    if (--place.open === 0 && !tunnels.has(place)) places.wait(place)
  }
  const upgrading = ({ socket }: IncomingMessage) => {
    const place = placeOf.get(socket)
    if (place === undefined) return
    places.busy(place)
    tunnels.add(place)
  }
  // Of connections whose requests Node's server does not see.
  server.on('busy', (socket: Socket) => {
    const place = placeOf.get(socket)
    if (place !== undefined && place.open++ === 0) places.busy(place)
  })
  server.on('waiting', (socket: Socket) => {
    const place = placeOf.get(socket)
    if (place !== undefined && --place.open === 0) places.wait(place)
  })
  // To listen to the others is to take them over from Node, so it is done only where somebody has.
  const events = ['request', 'checkContinue', 'checkExpectation'].filter((event) => server.listenerCount(event) > 0)
  for (const event of events) server.prependListener(event, answering)
  if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', upgrading)

  return {
    async close(stop, timeoutMs) {
      const cutting = setInterval(() => destroy([...places.waiting, ...tunnels]), cutEveryMs)
      const limit = setTimeout(() => destroy(places.all), timeoutMs)
      await stop()
      clearInterval(cutting)
      clearTimeout(limit)
    },
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function destroy(connections: Iterable<Place>): void {
  for (const { socket } of connections) socket.destroy()
}

/** Starts a server; fails when it cannot have the address. */
export function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Where a server that has started is reached. */
export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
