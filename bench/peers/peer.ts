import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Running, start } from '../processes.ts'
import { writeRequests } from '../requests.ts'

export interface PeerRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a peer answers. */
export interface Expected {
  readonly status: number
  /** Stands in the answer's body. */
  readonly contains?: string
}

/** What a peer is asked, and what it must answer. */
export interface Questions {
  readonly requests: readonly PeerRequest[]
  readonly admitted: Expected
  readonly refused: Expected & { readonly request: PeerRequest }
}

/** A server that checks machines' credentials. */
export interface Peer extends Questions, Running {
  /** The requests, prepared for the load generator. */
  readonly file: string
}

/** The line that a peer's script writes, see announcement.mjs. */
interface Announced extends Omit<Questions, 'requests' | 'refused'> {
  readonly refused: Expected & { readonly request: PeerRequest }
  readonly requests: string
  readonly url: string
  readonly program?: { readonly command: readonly string[]; readonly environment?: Readonly<Record<string, string>> }
}

/** So many of the valid requests are proven to be answered, at most. */
const mostProven = 20

/** Starts the server of a script in this folder, with so many credentials, on the core of servers. */
export async function startPeer(script: string, credentials: number, folder: string): Promise<Peer> {
  mkdirSync(folder, { recursive: true })
  const command = [process.execPath, join(import.meta.dirname, script), folder, String(credentials)]
  const running = await start({ command, environment: { NODE_ENV: 'production' }, ready: /"url":"([^"]+)"/ })
  return peerOf(running, announcedIn(running.output()), folder)
}

/** Prepares a program that is not Node by a script in this folder, and starts it by itself, so that nothing else is counted. */
export async function startProgram(script: string, credentials: number, folder: string): Promise<Peer> {
  mkdirSync(folder, { recursive: true })
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, script), folder, String(credentials)])
  const announced = announcedIn(stdout)
  if (announced.program === undefined) throw new Error(`${script} did not say what to start`)
  return peerOf(await start({ ...announced.program, ready: announced.url }), announced, folder)
}

/** Throws unless a server admits valid requests, some of all, and refuses the one that is not. */
export async function prove(name: string, { url, requests, admitted, refused }: Pick<Peer, 'url' | keyof Questions>): Promise<void> {
  const every = Math.max(1, Math.floor(requests.length / mostProven))
  const some = requests.filter((_, number) => number % every === 0)
  const valid = some.map((request) => proveOne(`${name}, asked with a valid credential,`, url, request, admitted))
  await Promise.all([...valid, proveOne(`${name}, asked with a wrong credential,`, url, refused.request, refused)])
}

async function proveOne(who: string, url: string, { path, ...request }: PeerRequest, expected: Expected): Promise<void> {
  const answer = await fetch(`${url}${path}`, request)
  const body = await answer.text()
  const isRight = answer.status === expected.status && body.includes(expected.contains ?? '')
  if (!isRight) throw new Error(`${who} answered ${answer.status} ${body}; expected was ${expected.status} ${expected.contains ?? ''}`)
}

function announcedIn(output: string): Announced {
  const line = output.split('\n').find((text) => text.startsWith('{') && text.includes('"url"'))
  if (line === undefined) throw new Error(`a peer said nothing of its requests:\n${output}`)
  return JSON.parse(line)
}

function peerOf(running: Running, { admitted, refused, requests: file }: Announced, folder: string): Peer {
  const requests = JSON.parse(readFileSync(file, 'utf8')) as readonly PeerRequest[]
  return { ...running, requests, admitted, refused, file: writeRequests(join(folder, 'requests'), requests.map(overTheWire)) }
}

function overTheWire({ method, path, headers, body = '' }: PeerRequest): string {
  const all = { host: '127.0.0.1', ...headers, ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
