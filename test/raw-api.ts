import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import type { Kysely } from 'kysely'
import type { AuditEntry, Write } from '../src/authority/ports.ts'
import type { Tables } from '../src/store/schema.ts'
import { createStore } from '../src/store/store.ts'
import type { Envelope } from '../src/wire/envelope.ts'
import { type AnyDatabase, anyDatabase } from './any-database.ts'
import { type PosternOptions, type RunningPostern, startPostern } from './fixtures.ts'

/** The content type of a body that is given as text or bytes. */
export const json = { 'content-type': 'application/json' }

export interface Call {
  readonly method: string
  /** Below `/client/v4`, already percent-encoded. */
  readonly path: string
  /** Instead of the first API token's: `{}` for nobody. */
  readonly credentials?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Anything but text and bytes is sent as JSON, with that content type. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The envelope; throws when the answer is not one. */
  readonly envelope: Envelope<Readonly<Record<string, unknown>>>
}

/** How much has been written, in everything that a write leaves behind. */
export interface Written {
  readonly serviceTokens: number
  readonly changes: number
  /** Those of refused attempts do not count. */
  readonly auditEntries: number
}

/** A running Postern, spoken to without a client that would tidy up, and its database, open beside it. */
export interface RawApi {
  readonly postern: RunningPostern
  readonly db: Kysely<Tables>
  readonly database: AnyDatabase
  /** Stores entities for which the API has no route. */
  insert(...writes: readonly Write[]): Promise<void>
  call(call: Call): Promise<Answer>
  /** Sends the bytes as they are, and reads until the server closes the connection. */
  converse(...parts: readonly (string | Uint8Array)[]): Promise<string>
  written(): Promise<Written>
  stop(): Promise<void>
}

export async function startRawApi({ settings, ...options }: PosternOptions = {}, given?: AnyDatabase): Promise<RawApi> {
  const database = given ?? (await anyDatabase())
  const postern = await startPostern({ settings: { ...database.settings, ...settings }, ...options })
  const beside = database.open()
  const { db } = beside
  const store = createStore(beside)
  // Some tests count what was written: what a node does now and then has just been done.
  await store.takeLease('chores', 'the test', 30_000)
  await store.noteDone('chores', 'the test')
  const agent = new Agent({ keepAlive: true })
  const bearer = { authorization: `Bearer ${postern.bootstrap.apiToken}` }
  let inserts = 0

  return {
    ...{ postern, db, database },

    async insert(...writes) {
      if (!(await store.commit(writes, auditEntry(postern.bootstrap.accountId, inserts++)))) throw new Error('the insert lost a race')
    },

    call: ({ credentials = bearer, headers = {}, body, ...call }) => {
      const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
      const contentType = isRaw ? {} : json
      return exchange(
        postern.apiUrl,
        agent,
        { ...call, headers: { ...contentType, ...credentials, ...headers } },
        isRaw ? body : JSON.stringify(body),
      )
    },

    converse: (...parts) => converse(postern.apiUrl, parts),

    async written() {
      const serviceTokens = await db
        .selectFrom('service_token')
        .select(({ fn }) => fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const entries = await db
        .selectFrom('audit')
        .select(({ fn }) => fn.countAll<number>().as('total'))
        .where('succeeded', '=', 1)
        .executeTakeFirstOrThrow()
      return { serviceTokens: serviceTokens.total, changes: await store.head(), auditEntries: entries.total }
    },

    async stop() {
      agent.destroy()
      await beside.close()
      await postern.stop()
      await database.remove()
    },
  }
}

function exchange(
  apiUrl: string,
  agent: Agent,
  { method, path, headers }: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> },
  body: string | Uint8Array | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': Buffer.byteLength(body) }
    const sent = request(`${apiUrl}/`, { method, path: `/client/v4${path}`, agent, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({
          ...{ status: response.statusCode ?? 0, headers: response.headers, text },
          get envelope() {
            return JSON.parse(text) as Answer['envelope']
          },
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function converse(apiUrl: string, parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(apiUrl)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part)
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}

function auditEntry(accountId: string, number: number): AuditEntry {
  return {
    ...{ id: `insert-${number}`, at: 0, accountId, zoneId: null, action: 'test.insert', succeeded: true },
    ...{ resourceKind: 'account', resourceId: accountId, before: null, after: null },
    actor: { kind: 'system', id: '', email: null, tokenId: null, tokenName: null, request: null },
  }
}
