// Decides about requests without a network, and says how long each stage takes: `node verify-loop.mjs <tokens>`, made of this file by bench/numbers/verify.ts.
import { hash, timingSafeEqual } from 'node:crypto'
import type { Policy } from '../src/domain/policy.ts'
import { createDigester, digestOf } from '../src/domain/secret.ts'
import { presentedIn } from '../src/gate/credentials.ts'
import { type Asked, createDecide } from '../src/gate/decide.ts'
import { createReplica } from '../src/gate/replica/replica.ts'
import { createUseNotes } from '../src/gate/use-notes.ts'
import { aCredential, accountId, withSecret } from './credentials.ts'

/** What `bench/numbers/verify.ts` reads. */
export interface Stages {
  readonly tokens: number
  /** Nanoseconds, by stage. */
  readonly stages: Readonly<Record<string, number>>
}

const tokens = Number(process.argv[2])
/** Requests that are made beforehand, in random order: of as many tokens, each with its own strings, as a parser would make them. */
const requests = Math.min(tokens, 100_000)
const rounds = 9

const replica = createReplica()
const policy: Policy = {
  ...{ id: 'policy', accountId, zoneId: null, applicationId: null, name: 'Any valid service token', decision: 'non_identity' },
  ...{ include: [{ kind: 'any_valid_service_token' }], require: [], exclude: [], sessionDuration: null },
  ...{ createdAt: 0, updatedAt: 0, revision: 1 },
}
replica.put('policy', policy)
replica.put('application', {
  ...{
    id: 'application',
    accountId,
    zoneId: null,
    name: 'All',
    domain: '*',
    destinations: ['*'],
    audience: 'a'.repeat(64),
    originUrl: null,
  },
  ...{ sessionDuration: null, asksForCredentials: false, tokenHeader: null, policies: [{ policyId: policy.id, precedence: 1 }] },
  ...{ createdAt: 0, updatedAt: 0, revision: 1 },
})
replica.settle()

const valid: Asked[] = []
const every = Math.floor(tokens / requests)
const digest = digestOf('nobody has it')
for (let number = 0; number < tokens; number++) {
  if (number % every !== 0 || valid.length === requests) {
    replica.put('service_token', aCredential(digest))
    continue
  }
  const { token, secret } = withSecret()
  replica.put('service_token', token)
  valid.push(asking(token.clientId, secret))
}
shuffle(valid)
const unknown = valid.map(() => asking(aCredential(digest).clientId, 'pst_0123456789abcdef0123456789abcdef0123456789abcdef'))
const wrong = valid.map(({ rawHeaders }) => asking(rawHeaders[3] ?? '', 'pst_0123456789abcdef0123456789abcdef0123456789abcdef'))
const clientIds = valid.map(({ rawHeaders }) => rawHeaders[3] ?? '')
const secrets = valid.map(({ rawHeaders }) => rawHeaders[5] ?? '')

const notes = createUseNotes({ noteToken: () => undefined, noteSecret: () => undefined })
const decide = createDecide({ replica, isFresh: () => true, noteUse: notes.note, sessionIn: () => undefined })
const now = Date.now()
const decided = (asked: Asked, admitted: boolean) => {
  if (decide(asked, now, 0).admitted !== admitted) throw new Error('decided otherwise than expected')
}
const digester = createDigester()
const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 1)]
const entrance = replica.entranceTo('any.example', '/')
if (entrance === undefined || entrance === 'ambiguous') throw new Error('no application answers')
const found = (clientId: string) => {
  const token = replica.tokenByClientId(clientId)
  if (token === undefined) throw new Error('a token is not found')
  return token
}

const stages: Record<string, number> = {
  'verify + decide': time(valid, (asked) => decided(asked, true)),
  'the same, unknown client ids': time(unknown, (asked) => decided(asked, false)),
  'the same, wrong secrets': time(wrong, (asked) => decided(asked, false)),
  'find the application': time(valid, ({ host, target }) => replica.entranceTo(host, target)),
  'read the two headers': time(valid, ({ rawHeaders }) => presentedIn(rawHeaders)),
  'look the token up': time(clientIds, found),
  'look up an unknown one': time(unknown, ({ rawHeaders }) => replica.tokenByClientId(rawHeaders[3] ?? '')),
  'hash the secret': time(secrets, digester),
  'look up, and compare with both digests': time(clientIds, (clientId) => replica.match(found(clientId), one)),
  'ask the policies': time(clientIds, (clientId) => entrance.judge(found(clientId), '192.0.2.1')),
  "hash to 'buffer'": time(secrets, (secret) => hash('sha256', secret, 'buffer')),
  "hash to 'hex', into the same bytes": time(secrets, (secret) => one.write(hash('sha256', secret, 'hex'), 'hex')),
  'one constant-time comparison': time(secrets, () => timingSafeEqual(one, other)),
}
process.stdout.write(JSON.stringify({ tokens, stages } satisfies Stages))

/** A request as Node shows it. */
function asking(clientId: string, secret: string): Asked {
  const rawHeaders = ['Host', 'any.example', 'CF-Access-Client-Id', clientId, 'CF-Access-Client-Secret', secret]
  return { host: 'any.example', target: '/', method: 'GET', address: '192.0.2.1', rawHeaders, cookie: undefined }
}

/** Nanoseconds for one: the median of the rounds, the first ones aside, in which it is compiled. */
function time<Item>(items: readonly Item[], work: (item: Item) => unknown): number {
  const took: number[] = []
  const most = Math.max(items.length, 50_000)
  for (let round = 0; round < rounds; round++) {
    const from = process.hrtime.bigint()
    for (let number = 0; number < most; number++) work(items[number % items.length] as Item)
    took.push(Number(process.hrtime.bigint() - from) / most)
    notes.handAll(Date.now())
  }
  return took.slice(4).toSorted((a, b) => a - b)[Math.floor((rounds - 4) / 2)] ?? Number.NaN
}

function shuffle(items: unknown[]): void {
  for (let at = items.length - 1; at > 0; at--) {
    const with_ = Math.floor(Math.random() * (at + 1))
    ;[items[at], items[with_]] = [items[with_], items[at]]
  }
}
