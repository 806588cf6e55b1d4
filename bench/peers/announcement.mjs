import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/**
 * @typedef {{ readonly method: string, readonly path: string, readonly headers: Readonly<Record<string, string>>, readonly body?: string }} PeerRequest
 * @typedef {{ readonly request: PeerRequest, readonly status: number, readonly contains?: string }} Exchange
 */

/** What a peer is told when it is started: a folder of its own, and how many credentials it is to hold. */
export const folder = process.argv[2] ?? '.'
export const credentials = Number(process.argv[3] ?? 10_000)

/**
 * Says, as one line of JSON, that a peer is ready and what it is to be asked: a file with valid requests, what their answers have in common, and a request
 * that it must refuse. Of a program that is not Node it says how to start it. The URL comes last, so that whoever has read it has read all.
 *
 * @param {{
 *   readonly port: number, readonly requests: readonly PeerRequest[], readonly admitted: Omit<Exchange, 'request'>, readonly refused: Exchange,
 *   readonly program?: { readonly command: readonly string[], readonly environment?: Readonly<Record<string, string>> }
 * }} peer
 */
export function announce({ port, requests, ...peer }) {
  const file = join(folder, 'requests.json')
  writeFileSync(file, JSON.stringify(requests))
  console.log(JSON.stringify({ ...peer, requests: file, url: `http://127.0.0.1:${port}` }))
}

/**
 * A request to `/` with one credential in the Authorization header.
 * @param {string} authorization
 * @returns {PeerRequest}
 */
export function authorized(authorization) {
  return { method: 'GET', path: '/', headers: { authorization } }
}

/** @param {string} name @param {string | undefined} password @returns {PeerRequest} */
export function withPassword(name, password) {
  return authorized(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`)
}

/** A port that nobody listens on, for programs that cannot choose one. @returns {Promise<number>} */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise((resolve) => server.close(resolve))
  return port
}
