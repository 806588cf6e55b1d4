import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { movableClock } from '../../../test/fixtures.ts'
import { anApplication, aSigningKey, aToken, clientIdOf, tokenIdOf } from '../../../test/gate-fixtures.ts'
import type { Change, Entities, Feed, Kind, Log } from '../../authority/ports.ts'
import type { Credential } from '../../domain/service-token.ts'
import { createFollower, type Follower } from './follower.ts'
import { createReplica, type Replica } from './replica.ts'

type Call = 'head' | 'read' | 'changesSince' | 'findEach'

/** A database in memory whose calls the test can break, and watch before they answer. */
function aFeed() {
  const entities = new Map<string, Entities[Kind]>()
  const changes: Change[] = []
  const feed = {
    calls: [] as Call[],
    pruned: 0,
    broken: false,
    /** Runs between a question and its answer, which is computed first: what happens meanwhile is not in it. */
    meanwhile: (_call: Call, _kind?: Kind): void | Promise<void> => undefined,
    store(kind: Kind, entity: Entities[Kind]) {
      entities.set(`${kind} ${entity.id}`, entity)
      changes.push({ seq: changes.length + 1, kind, id: entity.id })
    },
    /** As if a backup from before the newest change were restored. */
    loseNewest() {
      const lost = changes.pop()
      entities.delete(`${lost?.kind} ${lost?.id}`)
    },
    /** Forgets the oldest changes. */
    prune(count: number) {
      feed.pruned += count
    },
    delete(kind: Kind, id: string) {
      entities.delete(`${kind} ${id}`)
      changes.push({ seq: changes.length + 1, kind, id })
    },
  }
  async function answer<Value>(call: Call, value: Value, kind?: Kind): Promise<Value> {
    feed.calls.push(call)
    await feed.meanwhile(call, kind)
    if (feed.broken) throw new Error('the database is away')
    return value
  }
  const ofKind = (kind: Kind) =>
    [...entities]
      .filter(([key]) => key.startsWith(`${kind} `))
      .map(([, entity]) => entity)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  const port: Feed = {
    head: () => answer('head', changes.length),
    read: <K extends Kind>(kind: K, afterId: string, limit: number) =>
      answer(
        'read',
        ofKind(kind)
          .filter(({ id }) => id > afterId)
          .slice(0, limit) as unknown as readonly Entities[K][],
        kind,
      ),
    changesSince(seq, limit) {
      const from = Math.max(seq, feed.pruned)
      return answer('changesSince', { head: changes.length, changes: changes.slice(from, from + limit) })
    },
    async *credentials() {
      yield await answer('read', ofKind('service_token') as unknown as readonly Credential[], 'service_token')
    },
    findEach: <K extends Kind>(kind: K, ids: Iterable<string>) =>
      answer('findEach', [...ids].flatMap((id) => entities.get(`${kind} ${id}`) ?? []) as Entities[K][]),
  }
  return Object.assign(feed, { port })
}

function aLog() {
  const lines: string[] = []
  const write = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`)
  return { lines, log: { info: write('info'), warn: write('warn'), error: write('error') } satisfies Log }
}

const clock = movableClock('2026-01-01T00:00:00Z')
let feed: ReturnType<typeof aFeed>
let replica: Replica
let lines: string[]
let follower: Follower

beforeEach(() => {
  vi.useFakeTimers()
  feed = aFeed()
  replica = createReplica()
  const { lines: written, log } = aLog()
  lines = written
  follower = createFollower({ feed: feed.port, replica, clock, log, pollEveryMs: 200, stalenessBudgetMs: 30_000 })
})
afterEach(async () => {
  feed.broken = false
  feed.meanwhile = () => undefined
  await follower.stop()
  vi.useRealTimers()
})

const enabledOf = (name: string) => replica.tokenByClientId(clientIdOf(name))?.enabled

/** From now on a poll hangs at its changes; the answer lets go of the one that hangs. */
function hangPolls(): () => void {
  let release = () => {}
  feed.meanwhile = (call) =>
    call === 'head'
      ? undefined
      : new Promise((resolve) => {
          release = resolve
        })
  return () => release()
}

describe('following the change log', () => {
  test('begins with everything that is stored, however much', async () => {
    for (let number = 0; number < 2500; number++) feed.store('service_token', aToken({ name: `t${number}` }))
    feed.store('application', anApplication({ domain: 'team.example' }))
    await follower.start()
    expect(replica.size).toBe(2500)
    expect(replica.entranceTo('team.example', '/')).toBeDefined()
  })

  test('goes on with every change: new, changed, deleted; other kinds are passed over', async () => {
    feed.store('service_token', aToken({ name: 'changed' }))
    feed.store('service_token', aToken({ name: 'deleted' }))
    await follower.start()
    feed.store('service_token', aToken({ name: 'new' }))
    feed.store('account', { id: 'account', name: '', createdAt: 0, revision: 1 })
    feed.store('service_token', aToken({ name: 'changed', enabled: false }))
    feed.delete('service_token', tokenIdOf('deleted'))
    feed.store('application', anApplication({ domain: 'team.example' }))
    await vi.advanceTimersByTimeAsync(200)
    expect([enabledOf('new'), enabledOf('changed'), enabledOf('deleted')]).toEqual([true, false, undefined])
    expect(replica.entranceTo('team.example', '/')).toBeDefined()
  })

  test('applies more changes than one read holds, in one poll', async () => {
    await follower.start()
    for (let number = 0; number < 2500; number++) feed.store('service_token', aToken({ name: `t${number}` }))
    await follower.catchUp()
    expect(replica.size).toBe(2500)
  })

  test('misses nothing that changes or is deleted while the snapshot is read', async () => {
    feed.store('service_token', aToken({ name: 'changed' }))
    feed.store('service_token', aToken({ name: 'deleted' }))
    feed.meanwhile = (call, kind) => {
      if (call !== 'read' || kind !== 'service_token') return
      feed.meanwhile = () => undefined
      feed.store('service_token', aToken({ name: 'changed', enabled: false }))
      feed.delete('service_token', tokenIdOf('deleted'))
      feed.store('service_token', aToken({ name: 'new' }))
      feed.delete('service_token', tokenIdOf('new'))
    }
    await follower.start()
    await follower.catchUp()
    expect([enabledOf('changed'), enabledOf('deleted'), enabledOf('new')]).toEqual([false, undefined, undefined])
    expect(replica.size).toBe(1)
  })

  test('fails to start when the snapshot cannot be read', async () => {
    feed.broken = true
    await expect(follower.start()).rejects.toThrow('the database is away')
    expect(follower.ageMs()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('catching up', () => {
  test('waits for a poll that is sent after the call, which all who wait share', async () => {
    await follower.start()
    feed.calls.length = 0
    const release = hangPolls()
    const underWay = follower.catchUp()
    while (!feed.calls.includes('changesSince')) await Promise.resolve()
    feed.store('service_token', aToken({ name: 'late' }))
    let resolved = 0
    const waiting = [follower.catchUp(), follower.catchUp(), follower.catchUp()].map((each) => each.then(() => resolved++))
    feed.meanwhile = () => undefined
    release()
    await underWay
    expect([resolved, enabledOf('late')]).toEqual([0, undefined])
    await Promise.all(waiting)
    expect(enabledOf('late')).toBe(true)
    expect(feed.calls).toEqual(['changesSince', 'changesSince', 'findEach'])
  })
})

test('a database that has gone back in time is learned as a whole, even if it overtakes what was known before that succeeds', async () => {
  for (const id of ['a', 'b', 'c']) feed.store('service_token', aToken({ name: id }))
  await follower.start()
  feed.loseNewest()
  // The snapshot breaks off at the service tokens, the last kind.
  feed.meanwhile = (call, kind) => {
    if (call === 'read' && kind === 'service_token') throw new Error('the database is away')
  }
  await vi.advanceTimersByTimeAsync(200)
  for (const id of ['d', 'e', 'f']) feed.store('service_token', aToken({ name: id }))
  feed.meanwhile = () => undefined
  await vi.advanceTimersByTimeAsync(200)
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map(enabledOf)).toEqual([true, true, undefined, true, true, true])
})

test('a database that has gone back in time is learned anew', async () => {
  feed.store('service_token', aToken({ name: 'kept' }))
  feed.store('service_token', aToken({ name: 'lost' }))
  await follower.start()
  feed.loseNewest()
  await follower.catchUp()
  expect([enabledOf('kept'), enabledOf('lost'), replica.size]).toEqual([true, undefined, 1])
  feed.store('service_token', aToken({ name: 'later' }))
  await follower.catchUp()
  expect(enabledOf('later')).toBe(true)
  expect(lines).toEqual([expect.stringContaining('back in time')])
})

test('a database that goes away while it is learned anew is learned once it is back', async () => {
  feed.store('service_token', aToken({ name: 'kept' }))
  feed.store('service_token', aToken({ name: 'lost' }))
  await follower.start()
  feed.loseNewest()
  feed.meanwhile = (call) => {
    if (call === 'read') throw new Error('the database is away')
  }
  await follower.catchUp()
  feed.meanwhile = () => undefined
  await follower.catchUp()
  expect([enabledOf('kept'), enabledOf('lost'), replica.size]).toEqual([true, undefined, 1])
})

describe('while the database is away', () => {
  test('it never rejects, says so once, ages by the monotonic clock, and recovers by itself', async () => {
    await follower.start()
    feed.broken = true
    feed.store('service_token', aToken({ name: 'late' }))
    clock.advance(1000)
    await vi.advanceTimersByTimeAsync(1000)
    await expect(follower.catchUp()).resolves.toBeUndefined()
    clock.set('2020-01-01T00:00:00Z')
    expect(follower.ageMs()).toBe(1000)
    expect(lines).toEqual(['error: the gate cannot read the change log; it answers from what it knows until its lease ends'])
    feed.broken = false
    await vi.advanceTimersByTimeAsync(200)
    expect([follower.ageMs(), enabledOf('late')]).toEqual([0, true])
    expect(lines.slice(1)).toEqual(['info: the gate follows the change log again'])
  })

  test('what a poll applied before it failed is applied again to the same effect, and what it did not reach is not skipped', async () => {
    await follower.start()
    feed.store('service_token', aToken({ name: 'second' }))
    feed.store('signing_key', aSigningKey())
    const known = () => [replica.signingKeysOf(aSigningKey().accountId).length, enabledOf('second')]
    feed.meanwhile = (call) => {
      if (call === 'findEach' && known()[0] === 1) feed.broken = true
    }
    await follower.catchUp()
    expect(known()).toEqual([1, undefined])
    feed.meanwhile = () => undefined
    feed.broken = false
    await follower.catchUp()
    expect(known()).toEqual([1, true])
  })

  describe('when the change log was pruned beyond what it has applied', () => {
    const deletedAndMade = () => {
      feed.delete('service_token', tokenIdOf('first'))
      for (const name of ['second', 'third']) feed.store('service_token', aToken({ name }))
      feed.prune(3)
    }
    const known = () => ['first', 'second', 'third'].map(enabledOf)

    test('it learns everything anew: what is gone is gone, and nothing is missing', async () => {
      feed.store('service_token', aToken({ name: 'first' }))
      await follower.start()
      deletedAndMade()
      await follower.catchUp()
      expect(known()).toEqual([undefined, true, true])
      expect(lines).toEqual(['warn: the gate has fallen behind the change log; it learns everything anew'])
      await follower.catchUp()
      expect([lines.length, follower.position().seq]).toEqual([1, 4])
    })

    test('to the last change, too', async () => {
      await follower.start()
      deletedAndMade()
      feed.prune(1)
      await follower.catchUp()
      expect([known(), follower.position().seq]).toEqual([[undefined, true, true], 3])
    })

    test('it goes on with what it knows meanwhile, and does not call that confirmed', async () => {
      feed.store('service_token', aToken({ name: 'first' }))
      await follower.start()
      deletedAndMade()
      clock.advance(1000)
      const seen: unknown[] = []
      feed.meanwhile = (call) => {
        if (call === 'read') seen.push(enabledOf('first'), follower.ageMs())
      }
      await follower.catchUp()
      expect(new Set(seen)).toEqual(new Set([true, 1000]))
      expect(follower.ageMs()).toBe(0)
    })

    test('and begins again where that breaks off, from the beginning', async () => {
      feed.store('service_token', aToken({ name: 'first' }))
      await follower.start()
      deletedAndMade()
      feed.meanwhile = (call) => {
        if (call === 'read') feed.broken = true
      }
      await follower.catchUp()
      expect(enabledOf('first')).toBe(true)
      feed.meanwhile = () => undefined
      feed.broken = false
      await follower.catchUp()
      expect(known()).toEqual([undefined, true, true])
    })
  })

  test('the age counts from when the poll was sent, not from when it was answered', async () => {
    await follower.start()
    feed.meanwhile = () => clock.advance(300)
    await follower.catchUp()
    expect(follower.ageMs()).toBe(300)
  })
})

test('a poll that takes long does not put off the next one, which comes after half the interval at the earliest', async () => {
  await follower.start()
  let takesMs = 60
  feed.meanwhile = () => clock.advance(takesMs)
  const polls = () => feed.calls.filter((call) => call === 'changesSince').length
  await vi.advanceTimersByTimeAsync(200)
  expect(polls()).toBe(1)
  takesMs = 500
  await vi.advanceTimersByTimeAsync(139)
  expect(polls()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(polls()).toBe(2)
  await vi.advanceTimersByTimeAsync(99)
  expect(polls()).toBe(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(polls()).toBe(3)
})

test('once stopped, it polls no more, and the poll under way has ended', async () => {
  await follower.start()
  const release = hangPolls()
  void follower.catchUp()
  let stopped = false
  const stopping = follower.stop().then(() => {
    stopped = true
  })
  await vi.advanceTimersByTimeAsync(1000)
  expect(stopped).toBe(false)
  release()
  await stopping
  const calls = feed.calls.length
  await vi.advanceTimersByTimeAsync(10_000)
  expect(feed.calls).toHaveLength(calls)
})
