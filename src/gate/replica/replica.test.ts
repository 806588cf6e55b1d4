import { describe, expect, test } from 'vitest'
import { anApplication, aToken } from '../../../test/gate-fixtures.ts'
import { createReplica } from './replica.ts'

describe('service tokens in the replica', () => {
  test('are found by client id, and only by that', () => {
    const replica = createReplica()
    const token = aToken({ id: 'one', clientId: 'one.access' })
    replica.put('service_token', token)
    expect(replica.tokenByClientId('one.access')).toBe(token)
    for (const clientId of ['one', 'ONE.access', '', '__proto__', 'constructor']) expect(replica.tokenByClientId(clientId)).toBeUndefined()
  })

  test('are replaced by their newer version', () => {
    const replica = createReplica()
    replica.put('service_token', aToken({ id: 'one' }))
    const disabled = aToken({ id: 'one', enabled: false })
    replica.put('service_token', disabled)
    expect(replica.tokenByClientId('one.access')).toBe(disabled)
    expect(replica.size).toBe(1)
  })

  test('are gone once they are removed, and removing an unknown one harms nobody', () => {
    const replica = createReplica()
    replica.put('service_token', aToken({ id: 'one' }))
    replica.put('service_token', aToken({ id: 'other' }))
    replica.remove('service_token', 'one')
    replica.remove('service_token', 'one')
    replica.remove('service_token', 'unknown')
    expect(replica.tokenByClientId('one.access')).toBeUndefined()
    expect(replica.tokenByClientId('other.access')).toBeDefined()
    expect(replica.size).toBe(1)
  })
})

describe('applications in the replica', () => {
  test('answer for the host that they name, the one for every host for the rest', () => {
    const replica = createReplica()
    const everywhere = anApplication({ domain: '*' })
    const team = anApplication({ domain: 'team.example' })
    expect(replica.applicationFor('team.example')).toBeUndefined()
    replica.put('application', everywhere)
    replica.put('application', team)
    expect(replica.applicationFor('team.example')).toBe(team)
    for (const host of ['other.example', 'a.team.example', '', '*']) expect(replica.applicationFor(host)).toBe(everywhere)
  })

  test('follow a change of their domain', () => {
    const replica = createReplica()
    replica.put('application', anApplication({ id: 'one', domain: 'old.example' }))
    replica.put('application', anApplication({ id: 'one', domain: 'new.example' }))
    expect(replica.applicationFor('old.example')).toBeUndefined()
    expect(replica.applicationFor('new.example')?.id).toBe('one')
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
      const replica = createReplica()
      const answering: (string | undefined)[] = []
      for (const application of order) replica.put('application', application)
      for (const { id } of [older, twin, newer]) {
        answering.push(replica.applicationFor('team.example')?.id)
        replica.remove('application', id)
      }
      expect([...answering, replica.applicationFor('team.example')]).toEqual(['b', 'c', 'a', undefined])
    }
  })
})
