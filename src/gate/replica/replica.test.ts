import { describe, expect, test } from 'vitest'
import { anApplication, aPolicy, aToken, clientIdOf, tokenIdOf, uses } from '../../../test/gate-fixtures.ts'
import type { Application } from '../../domain/application.ts'
import { newOrganization } from '../../domain/organization.ts'
import type { Group, Policy } from '../../domain/policy.ts'
import type { SigningKey } from '../../domain/signing-key.ts'
import { createReplica, type Replica } from './replica.ts'

describe('service tokens in the replica', () => {
  test('are found by client id, and only by that', () => {
    const replica = createReplica()
    replica.put('service_token', aToken({ name: 'one' }))
    expect(replica.tokenByClientId(clientIdOf('one'))?.id).toBe(tokenIdOf('one'))
    for (const clientId of ['one', 'ONE.access', '', '__proto__', 'constructor']) expect(replica.tokenByClientId(clientId)).toBeUndefined()
  })

  test('are replaced by their newer version', () => {
    const replica = createReplica()
    replica.put('service_token', aToken({ name: 'one' }))
    replica.put('service_token', aToken({ name: 'one', enabled: false }))
    expect(replica.tokenByClientId(clientIdOf('one'))?.enabled).toBe(false)
    expect(replica.size).toBe(1)
  })

  test('are gone once they are removed, and removing an unknown one harms nobody', () => {
    const replica = createReplica()
    replica.put('service_token', aToken({ name: 'one' }))
    replica.put('service_token', aToken({ name: 'other' }))
    replica.remove('service_token', tokenIdOf('one'))
    replica.remove('service_token', tokenIdOf('one'))
    replica.remove('service_token', tokenIdOf('unknown'))
    expect(replica.tokenByClientId(clientIdOf('one'))).toBeUndefined()
    expect(replica.tokenByClientId(clientIdOf('other'))).toBeDefined()
    expect(replica.size).toBe(1)
  })
})

describe('applications in the replica', () => {
  const answering = (replica: Replica, host: string) => {
    const entrance = replica.entranceTo(host, '/')
    return typeof entrance === 'object' ? entrance.application : undefined
  }
  const replicaOf = (...applications: readonly Application[]) => {
    const replica = createReplica()
    for (const application of applications) replica.put('application', application)
    replica.settle()
    return replica
  }

  test('answer for the host that they name, the one for every host for the rest, as soon as it is settled', () => {
    const replica = createReplica()
    const everywhere = anApplication({ domain: '*' })
    const team = anApplication({ domain: 'team.example' })
    replica.put('application', everywhere)
    replica.put('application', team)
    expect(answering(replica, 'team.example')).toBeUndefined()
    replica.settle()
    expect(answering(replica, 'team.example')).toBe(team)
    for (const host of ['other.example', 'a.team.example', '', '*']) expect(answering(replica, host)).toBe(everywhere)
  })

  test('follow a change of their domain', () => {
    const replica = replicaOf(anApplication({ id: 'one', domain: 'old.example' }))
    replica.put('application', anApplication({ id: 'one', domain: 'new.example' }))
    replica.settle()
    expect(answering(replica, 'old.example')).toBeUndefined()
    expect(answering(replica, 'new.example')?.id).toBe('one')
  })

  test('of the same domain: the oldest answers, whatever the order in which they came, and the next when that is removed', () => {
    const older = anApplication({ id: 'b', domain: 'team.example', createdAt: 1 })
    const twin = anApplication({ id: 'c', domain: 'team.example', createdAt: 1 })
    const newer = anApplication({ id: 'a', domain: 'team.example', createdAt: 2 })
    for (const order of [
      [older, twin, newer],
      [newer, twin, older],
      [twin, newer, older],
    ]) {
      const replica = replicaOf(...order)
      const ids: (string | undefined)[] = []
      for (const { id } of [older, twin, newer]) {
        ids.push(answering(replica, 'team.example')?.id)
        replica.remove('application', id)
        replica.settle()
      }
      expect([...ids, answering(replica, 'team.example')]).toEqual(['b', 'c', 'a', undefined])
    }
  })

  test('go on answering while everything is read anew, and are gone at the end if they have not come again', () => {
    const replica = replicaOf(anApplication({ domain: 'team.example' }))
    replica.put('service_token', aToken())
    replica.put('signing_key', aKey('key', 0))
    const known = () => [answering(replica, 'team.example')?.domain, replica.size, replica.signingKeysOf(aToken().accountId).length]
    replica.beginRound()
    replica.settle()
    expect(known()).toEqual(['team.example', 1, 1])
    replica.put('signing_key', aKey('key', 0))
    replica.endRound()
    replica.settle()
    expect(known()).toEqual([undefined, 0, 1])
  })
})

describe('what an application admits', () => {
  const nested: Group = { ...aPolicy({ include: [{ kind: 'group', groupId: 'inner' }] }), id: 'outer' }
  const inner = (include: Policy['include']): Group => ({ ...aPolicy({ include }), id: 'inner' })
  const admits = (replica: Replica, domain: string, token = aToken()) => {
    const entrance = replica.entranceTo(domain, '/')
    return typeof entrance === 'object' && entrance.judge(token, '192.0.2.1').admitted
  }

  test('follows its policies, the groups that these name, and the groups in them', () => {
    const replica = createReplica()
    const policy = aPolicy({ id: 'p', include: [{ kind: 'group', groupId: 'outer' }] })
    replica.put('application', anApplication({ domain: 'a.test', policies: uses(policy) }))
    const seen: boolean[] = []
    const look = () => {
      replica.settle()
      seen.push(admits(replica, 'a.test'))
    }
    look()
    replica.put('policy', policy)
    look()
    replica.put('group', nested)
    replica.put('group', inner([{ kind: 'everyone' }]))
    look()
    replica.put('group', inner([]))
    look()
    replica.put('group', inner([{ kind: 'any_valid_service_token' }]))
    look()
    replica.remove('group', 'inner')
    look()
    replica.put('policy', aPolicy({ id: 'p' }))
    look()
    replica.remove('policy', 'p')
    look()
    expect(seen).toEqual([false, false, true, false, true, false, true, false])
  })

  test('knows what its account has decided, as soon as it is decided', () => {
    const replica = createReplica()
    const { accountId } = aToken()
    replica.put('application', anApplication({ domain: 'a.test' }))
    const isStrict = () => {
      replica.settle()
      const entrance = replica.entranceTo('a.test', '/')
      return typeof entrance === 'object' ? entrance.organization?.isStrict : undefined
    }
    expect(isStrict()).toBeUndefined()
    replica.put('organization', { ...newOrganization(accountId, '', 'access.test', 0), isStrict: false })
    expect(isStrict()).toBe(false)
    replica.remove('organization', accountId)
    expect(isStrict()).toBeUndefined()
  })
})

const aKey = (id: string, createdAt: number): SigningKey => ({
  ...{ id, accountId: aToken().accountId, publicKey: '', sealedPrivateKey: new Uint8Array(), createdAt, endsAt: null, revision: 1 },
})

test('signing keys of an account come newest first, and count at once', () => {
  const replica = createReplica()
  for (const [id, createdAt] of [
    ['b', 1],
    ['c', 2],
    ['a', 1],
  ] as const)
    replica.put('signing_key', aKey(id, createdAt))
  replica.put('signing_key', { ...aKey('other', 3), accountId: 'other' })
  expect(replica.signingKeysOf(aToken().accountId).map(({ id }) => id)).toEqual(['c', 'a', 'b'])
  replica.remove('signing_key', 'a')
  expect(replica.signingKeysOf(aToken().accountId).map(({ id }) => id)).toEqual(['c', 'b'])
  expect(replica.signingKeysOf('nobody')).toEqual([])
})
