import { useQuery } from '@tanstack/react-query'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { type Rules, tokensIn } from './rule-words.ts'
import { useGroups } from './sentence.tsx'

/** A policy or a group that names a service token, and where it is shown. */
export interface Naming {
  readonly what: string
  readonly name: string
  readonly to: string
}

interface Namings {
  readonly isKnown: boolean
  /** Whether the credential may read all that could name a token. */
  readonly isWhole: boolean
  readonly of: (tokenId: string) => readonly Naming[]
}

/** What names which service tokens of this account or zone: none of those can be deleted. */
export function useNamings(isWanted = true): Namings {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const readsApplications = reasonAgainst('apps:read') === undefined
  const readsGroups = reasonAgainst('organization:read') === undefined
  const groups = useGroups(isWanted && readsGroups)
  const applications = useQuery({
    queryKey: [place.id, 'applications', 'all'],
    enabled: isWanted && readsApplications,
    queryFn: async ({ signal }) => {
      const all: ApplicationResult[] = []
      for (let page = 1; ; page++) {
        const { items, pages } = await client.applications.list(place, { page, per_page: 1000 }, signal)
        all.push(...items)
        if (page >= pages) return all
      }
    },
  })
  const policies = useQuery({
    queryKey: [place.id, 'policies'],
    enabled: isWanted && readsApplications && place.kind === 'account',
    queryFn: ({ signal }) => client.policies.list(place, signal),
  })
  const found: readonly (Naming & { readonly rules: Rules })[] = [
    ...(applications.data ?? []).flatMap(({ id, name, policies: own }) =>
      own
        .filter(({ reusable }) => !reusable)
        .map((policy) => ({ what: `policy of ${name}`, name: policy.name, to: `${home}/applications/${id}`, rules: policy })),
    ),
    ...(policies.data?.items ?? []).map((policy) => ({
      ...{ what: 'shared policy', name: policy.name, to: `${home}/policies`, rules: policy },
    })),
    ...(groups.data?.items ?? []).map((group) => ({ what: 'group', name: group.name, to: `${home}/policies`, rules: group })),
  ]
  return {
    isKnown: [applications, policies, groups].every(({ isEnabled, isPending }) => !isEnabled || !isPending),
    isWhole: readsApplications && readsGroups,
    of: (tokenId) => found.filter(({ rules }) => tokensIn([rules]).includes(tokenId)),
  }
}
