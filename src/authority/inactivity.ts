import type { Organization } from '../domain/organization.ts'
import { type ServiceToken, update } from '../domain/service-token.ts'
import { dayMs } from '../domain/signing-key.ts'
import type { Journal } from './journal.ts'
import { pagesOf } from './pages.ts'
import { type Clock, type Log, type Store, system } from './ports.ts'
import { deed } from './service-tokens.ts'

/** Tokens a read. */
const batchSize = 100

/**
 * Disables or deletes the service tokens that nobody used for as long as their organization allows, as it has chosen. Never one that a policy or a group
 * names, and none that was changed more lately: who enables a token again has as long to use it.
 */
export function createInactivityRule({ store, journal, clock, log }: { store: Store; journal: Journal; clock: Clock; log: Log }) {
  async function apply({ id: accountId, inactivity }: Organization): Promise<void> {
    const since = clock.now() - inactivity.afterDays * dayMs
    for (;;) {
      const idle = await store.listInactiveServiceTokens(accountId, since, inactivity.action === 'disable', batchSize)
      const ended = await Promise.all(idle.map((token) => end(token, inactivity)))
      const count = ended.filter(Boolean).length
      if (count > 0) log.info({ account: accountId, count, action: inactivity.action }, 'service tokens that nobody used were ended')
      // Whatever was used or changed meanwhile is left alone; when that is all, there is nothing to come back for.
      if (idle.length < batchSize || count === 0) return
    }
  }

  function end(token: ServiceToken, { action }: Organization['inactivity']): Promise<boolean> {
    const at = clock.now()
    const after = action === 'delete' ? null : update(token, { enabled: false }, token.digest, at)
    const name = action === 'delete' ? 'service_token.delete' : 'service_token.update'
    return journal.commit([{ kind: 'service_token', before: token, after }], deed(system, name, token, after, at))
  }

  return async () => {
    for await (const page of pagesOf(store, 'organization')) {
      for (const organization of page) if (organization.inactivity.isOn) await apply(organization)
    }
  }
}
