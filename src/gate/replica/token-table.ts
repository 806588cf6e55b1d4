import type { Instant } from '../../domain/instant.ts'
import type { Digest } from '../../domain/secret.ts'
import { type Credential, type Match, matchOf, type Scope } from '../../domain/service-token.ts'
import { readClientId, readUuid, uuidAt } from './packed-id.ts'
import { createRowIndex } from './row-index.ts'
import { createRows } from './rows.ts'

/** What the gate knows of a service token. The same object each time, as long as the token is not changed and is asked for now and then. */
export interface KnownToken extends Scope {
  readonly id: string
  readonly clientId: string
  readonly enabled: boolean
  readonly expiresAt: Instant
  readonly secretVersion: number
  /** Until when the secret before the last rotation works; 0 where there was none. */
  readonly previousUntil: Instant
  readonly previousVersion: number
  /** For `createRecollection`: where it is remembered what the token goes on doing. */
  readonly remembered: unknown[]
  readonly row: number
  readonly edition: number
}

/** How many tokens are read out of their rows at a time, at the most. Of two that share a place, the one that was asked for last. */
const places = 1 << 18

/** All service tokens of the installation, packed. */
export interface TokenTable {
  find(clientId: string): KnownToken | undefined
  /** Which secret of the token that was found just now has this digest. Takes the same time for a token that nobody has, and for every wrong secret. */
  match(token: KnownToken | undefined, presented: Digest): Match
  put(token: Credential): void
  remove(id: string): void
  /** Begins to take in everything anew; what was there goes on working. */
  beginRound(): void
  /** Removes what has not been put since the round began. */
  endRound(): void
  readonly size: number
}

/** Where things are in a row, in words. What every check reads comes first, and fills one line of a processor's cache. */
const at = {
  ...{ clientId: 0, digest: 4, expiry: 12, flagsAndScope: 14, secretVersion: 15 },
  ...{ id: 16, previousDigest: 20, previousUntil: 28, previousVersion: 30, edition: 31 },
} as const

const isEnabled = 1
const hasPreviousDigest = 2
const flagBits = 2

const highWord = 2 ** 32
/** Instants take 48 bits; the rest of the second word of `previousUntil` is the round in which the row was written, 0 in a row that is free. */
const roundShift = 16
const lastRound = 2 ** 16 - 1

/** Nothing in it is an object for each token: so neither its size nor what is done to it holds up the garbage collector. */
export function createTokenTable(): TokenTable {
  const rows = createRows()
  const byClientId = createRowIndex(rows, at.clientId)
  const byId = createRowIndex(rows, at.id)
  let round = 1
  let size = 0
  /** Tokens belong to few accounts and zones: a row has the number of one. */
  const scopes: Scope[] = []
  const scopeNumbers = new Map<string, number>()
  /** Most tokens belong where the one before does. */
  let lastScope = 0
  /** What was read out of rows lately. */
  const known = new Array<KnownToken | undefined>(places).fill(undefined)

  const [sought, soughtId] = [new Uint32Array(4), new Uint32Array(4)]
  const [ownDigest, previousDigest] = [new Uint32Array(8), new Uint32Array(8)]
  const [ownBytes, previousBytes] = [new Uint8Array(ownDigest.buffer), new Uint8Array(previousDigest.buffer)]

  function scopeNumber({ accountId, zoneId }: Scope): number {
    const last = scopes[lastScope]
    if (last !== undefined && last.accountId === accountId && last.zoneId === zoneId) return lastScope
    const name = `${accountId} ${zoneId}`
    lastScope = scopeNumbers.get(name) ?? scopes.push({ accountId, zoneId }) - 1
    scopeNumbers.set(name, lastScope)
    return lastScope
  }

  function read(row: number, clientId: string): KnownToken {
    const words = rows.page(row)
    const offset = rows.offset(row)
    const word = (index: number) => words[offset + index] as number
    const flags = word(at.flagsAndScope)
    const { accountId, zoneId } = scopes[flags >>> flagBits] as Scope
    return {
      id: uuidAt(words, offset + at.id),
      // A copy: as it came it may be a part of a whole request, which would stay in memory with it.
      clientId: Buffer.from(clientId, 'latin1').toString('latin1'),
      accountId,
      zoneId,
      enabled: (flags & isEnabled) !== 0,
      expiresAt: word(at.expiry) + word(at.expiry + 1) * highWord,
      secretVersion: word(at.secretVersion),
      previousUntil: word(at.previousUntil) + (word(at.previousUntil + 1) & 0xffff) * highWord,
      previousVersion: word(at.previousVersion),
      // Spelt out, and as long as there are recollections: it never grows.
      remembered: [undefined, undefined, undefined, undefined],
      row,
      edition: word(at.edition),
    }
  }

  function write(row: number, token: Credential): void {
    const words = rows.page(row)
    const offset = rows.offset(row)
    const bytes = rows.bytes(row)
    const { digest, previous, expiresAt } = token
    bytes.set(digest, (offset + at.digest) * 4)
    if (previous?.digest) bytes.set(previous.digest, (offset + at.previousDigest) * 4)
    else words.fill(0, offset + at.previousDigest, offset + at.previousUntil)
    const flags = (token.enabled ? isEnabled : 0) | (previous?.digest ? hasPreviousDigest : 0)
    words[offset + at.flagsAndScope] = (scopeNumber(token) << flagBits) | flags
    writeInstant(words, offset + at.expiry, expiresAt)
    writeInstant(words, offset + at.previousUntil, previous?.until ?? 0)
    words[offset + at.previousUntil + 1] = (words[offset + at.previousUntil + 1] as number) | (round << roundShift)
    words[offset + at.secretVersion] = token.secretVersion
    words[offset + at.previousVersion] = previous?.version ?? 0
    words[offset + at.edition] = (words[offset + at.edition] as number) + 1
  }

  function drop(row: number): void {
    byClientId.remove(row)
    byId.remove(row)
    const words = rows.page(row)
    const edition = rows.offset(row) + at.edition
    words[edition] = (words[edition] as number) + 1
    words[rows.offset(row) + at.previousUntil + 1] = 0
    rows.release(row)
    size--
  }

  return {
    find(clientId) {
      if (!readClientId(clientId, sought)) return undefined
      const row = byClientId.find(sought)
      if (row === -1) return undefined
      const place = row & (places - 1)
      const before = known[place]
      if (before !== undefined && before.row === row && before.edition === rows.word(row, at.edition)) return before
      const token = read(row, clientId)
      known[place] = token
      return token
    },

    match(token, presented) {
      if (token === undefined || known[token.row & (places - 1)] !== token || token.edition !== rows.word(token.row, at.edition))
        return matchOf(undefined, undefined, presented)
      const words = rows.page(token.row)
      const offset = rows.offset(token.row)
      for (let index = 0; index < 8; index++) {
        ownDigest[index] = words[offset + at.digest + index] as number
        previousDigest[index] = words[offset + at.previousDigest + index] as number
      }
      const hasPrevious = ((words[offset + at.flagsAndScope] as number) & hasPreviousDigest) !== 0
      return matchOf(ownBytes, hasPrevious ? previousBytes : undefined, presented)
    },

    put(token) {
      // Neither its id nor its client id can be another than those that were made here; one that is, is nobody's.
      const isUuid = readUuid(token.id, soughtId)
      const before = isUuid ? byId.find(soughtId) : -1
      const isOurs = isUuid && readClientId(token.clientId, sought)
      if (isOurs && before !== -1 && byClientId.find(sought) === before) return write(before, token)
      if (before !== -1) drop(before)
      if (!isOurs) return
      const row = rows.take()
      const words = rows.page(row)
      const offset = rows.offset(row)
      for (let word = 0; word < 4; word++) {
        words[offset + at.clientId + word] = sought[word] as number
        words[offset + at.id + word] = soughtId[word] as number
      }
      write(row, token)
      byClientId.add(row)
      byId.add(row)
      size++
    },

    remove(id) {
      const row = readUuid(id, soughtId) ? byId.find(soughtId) : -1
      if (row !== -1) drop(row)
    },

    beginRound() {
      round = round === lastRound ? 1 : round + 1
    },

    endRound() {
      for (let row = 0; row < rows.used; row++) {
        const written = rows.word(row, at.previousUntil + 1) >>> roundShift
        if (written !== 0 && written !== round) drop(row)
      }
    },

    get size() {
      return size
    },
  }
}

/** Milliseconds up to `endOfTime` take 48 bits. What is before 1970 is long over, and stands as its first moment. */
function writeInstant(words: Uint32Array, offset: number, instant: Instant): void {
  const since1970 = Math.max(0, instant)
  words[offset] = since1970 % highWord
  words[offset + 1] = since1970 / highWord
}
