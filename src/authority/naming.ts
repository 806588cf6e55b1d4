import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Kind, Reference, Store } from './ports.ts'

/** Of so many that name a thing it is told which they are. */
const maxNamed = 5

const words = { application: 'application', policy: 'policy', group: 'group', alert_policy: 'notification policy' } as const

/** Fails with `in_use` where something names it, and says what. */
export async function requireUnnamed(store: Store, scope: Scope, kind: Kind, id: string): Promise<void> {
  const names = await namedBy(store, scope, kind, id)
  if (names === undefined) return
  throw new Failure('in_use', { message: `cannot delete the ${kind} because it is used by ${names}; take it out of there first` })
}

/** What names a thing, in words; `undefined` where nothing does. Who asks below a zone is told no names from outside of it. */
export async function namedBy(store: Store, scope: Scope, kind: Kind, id: string): Promise<string | undefined> {
  const references = await store.referencesTo(kind, id, maxNamed)
  if (references.length === 0) return undefined
  const names = await Promise.all(references.map((reference) => nameOf(store, scope, reference)))
  return [...new Set(names)].join(', ') + (references.length === maxNamed ? ' and maybe more' : '')
}

/** `the policy "Deploy" of the application "Shop"`. */
async function nameOf(store: Store, scope: Scope, { kind, id }: Reference): Promise<string> {
  const found = await store.find(kind, id)
  if (found === undefined) return `a ${words[kind]}`
  if (scope.zoneId !== null && (!('zoneId' in found) || found.zoneId !== scope.zoneId)) return `a ${words[kind]} outside of this zone`
  const own = `the ${words[kind]} "${found.name}"`
  const applicationId = 'applicationId' in found ? found.applicationId : null
  const application = applicationId === null ? undefined : await store.find('application', applicationId)
  return application === undefined ? own : `${own} of the application "${application.name}"`
}
