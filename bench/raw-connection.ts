import { connect, type Socket } from 'node:net'

/** A keep-alive connection for one request at a time, close to the socket: what it costs must not be taken for the server's. */
export interface RawConnection {
  /** Sends a request as it stands, and calls with the status when the whole answer is there. */
  ask(request: Uint8Array, onAnswer: (status: number) => void): void
  close(): void
}

const headEnd = Buffer.from('\r\n\r\n')
const readBytes = 64 * 1024

/** Connects. Whatever goes wrong later ends the process: figures from then on would say nothing. */
export function openConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  let onAnswer: ((status: number) => void) | undefined
  let rest: Buffer | undefined
  let isClosed = false

  function hear(bytes: number, buffer: Uint8Array): boolean {
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
    const all = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    const length = lengthOf(all)
    if (length === undefined || all.length < length) {
      rest = Buffer.from(all)
      return true
    }
    if (all.length > length || onAnswer === undefined) throw new Error('the server answered more than it was asked')
    rest = undefined
    const then = onAnswer
    onAnswer = undefined
    then(statusOf(all))
    return true
  }

  return new Promise((resolve, reject) => {
    const options = { port: Number(port), host: hostname, noDelay: true, onread: { buffer: Buffer.alloc(readBytes), callback: hear } }
    const socket: Socket = connect(options, () => {
      socket.off('error', reject)
      socket.on('error', fail)
      resolve({
        ask(request, then) {
          onAnswer = then
          socket.write(request)
        },
        close() {
          isClosed = true
          socket.destroy()
        },
      })
    })
    const fail = (error: unknown) => {
      throw new Error('a connection broke', { cause: error })
    }
    socket.once('error', reject)
    socket.once('close', () => isClosed || fail(undefined))
  })
}

/** Three digits behind `HTTP/1.1 `. */
function statusOf(answer: Buffer): number {
  return Number(answer.toString('latin1', 9, 12))
}

/** Of the whole answer; `undefined` as long as its head is not there. */
function lengthOf(answer: Buffer): number | undefined {
  const end = answer.indexOf(headEnd)
  if (end < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(answer.toString('latin1', 0, end + 2))?.[1]
  if (length === undefined) throw new Error(`an answer without a length:\n${answer.toString('latin1', 0, end)}`)
  return end + headEnd.length + Number(length)
}
