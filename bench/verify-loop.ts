// Decides about requests without a network, and says how long each stage takes: `node verify-loop.mjs <tokens>`, made of this file by bench/numbers/verify.ts.
import { hash, timingSafeEqual } from 'node:crypto'
import type { Policy } from '../src/domain/policy.ts'
import { createDigester, digestOf } from '../src/domain/secret.ts'
import { presentedIn } from '../src/gate/credentials.ts'
import { type Asked, createDecide } from '../src/gate/decide.ts'
import { createReplica } from '../src/gate/replica/replica.ts'
import { createUseNotes } from '../src/gate/use-notes.ts'
import { aCredential, accountId, withSecret } from './credentials.ts'
import type { Credentials } from './requests.ts'

/** What `bench/numbers/verify.ts` reads. */
export interface Stages {
  readonly tokens: number
  /** Nanoseconds, by stage. */
  readonly stages: Readonly<Record<string, number>>
}

const tokens = Number(process.argv[2])
/** So many tokens are asked for, in random order. */
const machines = Math.min(tokens, 100_000)
const rounds = 9
/** Requests are made so many at a time, just before they are timed: as a parser would have made their strings a moment ago. */
const batch = 500

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

const pairs: Credentials[] = []
const every = Math.floor(tokens / machines)
const digest = digestOf('nobody has it')
for (let number = 0; number < tokens; number++) {
  if (number % every !== 0 || pairs.length === machines) {
    replica.put('service_token', aCredential(digest))
    continue
  }
  const { token, secret } = withSecret()
  replica.put('service_token', token)
  pairs.push({ clientId: token.clientId, secret })
}
shuffle(pairs)
const foreign = pairs.map(() => aCredential(digest).clientId)
const guess = 'pst_0123456789abcdef0123456789abcdef0123456789abcdef'
const pair = (number: number) => pairs[number % pairs.length] as Credentials
const valid = (number: number) => asking(pair(number).clientId, pair(number).secret)
const unknown = (number: number) => asking(foreign[number % foreign.length] as string, guess)
const wrong = (number: number) => asking(pair(number).clientId, guess)
const clientId = (number: number) => copied(pair(number).clientId)
const unknownId = (number: number) => copied(foreign[number % foreign.length] as string)
const secret = (number: number) => copied(pair(number).secret)

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
  'look the token up': time(clientId, found),
  'look up an unknown one': time(unknownId, replica.tokenByClientId),
  'hash the secret': time(secret, digester),
  'look up, and compare with both digests': time(clientId, (id) => replica.match(found(id), one)),
  'ask the policies': time(clientId, (id) => entrance.judge(found(id), '192.0.2.1')),
  "hash to 'buffer'": time(secret, (text) => hash('sha256', text, 'buffer')),
  "hash to 'hex', into the same bytes": time(secret, (text) => one.write(hash('sha256', text, 'hex'), 'hex')),
  'one constant-time comparison': time(secret, () => timingSafeEqual(one, other)),
}
process.stdout.write(JSON.stringify({ tokens, stages } satisfies Stages))

/** A request as the gate reads it, with strings of its own. */
function asking(id: string, text: string): Asked {
  const rawHeaders = ['Host', 'any.example', 'CF-Access-Client-Id', copied(id), 'CF-Access-Client-Secret', copied(text)]
  return { host: 'any.example', target: '/', method: 'GET', address: '192.0.2.1', rawHeaders, cookie: undefined }
}

function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** Nanoseconds for one: the median of the rounds, the first ones aside, in which it is compiled. */
function time<Item>(make: (number: number) => Item, work: (item: Item) => unknown): number {
  const took: number[] = []
  const most = Math.max(machines, 50_000)
  const items = new Array<Item>(batch)
  for (let round = 0; round < rounds; round++) {
    let spent = 0n
    for (let first = 0; first < most; first += batch) {
      for (let at = 0; at < batch; at++) items[at] = make(first + at)
      const from = process.hrtime.bigint()
      for (const item of items) work(item)
      spent += process.hrtime.bigint() - from
    }
    took.push(Number(spent) / most)
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
