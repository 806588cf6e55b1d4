import { Failure } from './failure.ts'
import type { Kind, Reference, Store } from './ports.ts'

/** Of so many that name a thing it is told which they are. */
const maxNamed = 5

const words = { application: 'application', policy: 'policy', group: 'group' } as const

/** Fails with `in_use` where something names it, and says what. */
export async function requireUnnamed(store: Store, kind: Kind, id: string): Promise<void> {
  const references = await store.referencesTo(kind, id, maxNamed)
  if (references.length === 0) return
  const names = await Promise.all(references.map((reference) => nameOf(store, reference)))
  const more = references.length === maxNamed ? ' and maybe more' : ''
  throw new Failure('in_use', {
    message: `cannot delete the ${kind} because it is used by ${names.join(', ')}${more}; take it out of there first`,
  })
}

/** `the policy "Deploy" of the application "Shop"`. */
async function nameOf(store: Store, { kind, id }: Reference): Promise<string> {
  const found = await store.find(kind, id)
  const own = `the ${words[kind]} "${found?.name ?? id}"`
  const applicationId = found !== undefined && 'applicationId' in found ? found.applicationId : null
  const application = applicationId === null ? undefined : await store.find('application', applicationId)
  return application === undefined ? own : `${own} of the application "${application.name}"`
}
