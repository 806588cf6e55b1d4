import type { Duplex } from 'node:stream'
import type { Log } from '../authority/ports.ts'

/** Runs a part of the work for one request. Whatever goes wrong in it ends that request's connection and is logged, and never ends the process. */
export type Contain = (socket: Duplex, ray: string, work: () => unknown) => void

/** For mistakes of Postern's own: what clients and origins do wrong has answers of its own, and does not come here. */
export function createContainment(log: Log): Contain {
  return (socket, ray, work) => {
    const end = (error: unknown) => {
      log.error({ err: error, ray }, 'a request ended in a mistake of Postern itself; its connection was closed')
      socket.destroy()
    }
    try {
      const going = work()
      if (going instanceof Promise) going.catch(end)
    } catch (error) {
      end(error)
    }
  }
}
