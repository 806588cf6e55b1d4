import { useQueries, useQuery } from '@tanstack/react-query'
import { createElement, useMemo } from 'react'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { groupSentence, type Names, type PolicyWords, type Rules, sentenceOf, tokensIn } from './rule-words.ts'

/** The names of all tokens and groups that these policies or groups name. */
export function useNames(policies: readonly Rules[]): Names {
  const { place } = usePlace()
  const client = useClient()
  const groups = useGroups()
  const tokens = useQueries({
    queries: tokensIn(policies).map((id) => ({
      queryKey: [place.id, 'tokens', id],
      staleTime: 60_000,
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => client.serviceTokens.get(place, id, signal),
    })),
    combine: (results) => results.flatMap(({ data }) => (data ? [data] : [])),
  })
  return useMemo(() => new Map([...tokens, ...(groups.data?.items ?? [])].map(({ id, name }) => [id, name])), [tokens, groups.data])
}

export function useGroups(isWanted = true) {
  const { place } = usePlace()
  const client = useClient()
  return useQuery({ queryKey: [place.id, 'groups'], enabled: isWanted, queryFn: ({ signal }) => client.groups.list(place, signal) })
}

/** What a policy does, to be read. */
export function Sentence({ policy, names }: { readonly policy: PolicyWords; readonly names: Names }) {
  return <Written words={sentenceOf(policy, names)} />
}

export function GroupSentence({ group, names }: { readonly group: Rules; readonly names: Names }) {
  return <Written words={groupSentence(group, names)} />
}

/** The words of a sentence have no identity but their place: as children of their own they need no keys. */
function Written({ words }: { readonly words: ReturnType<typeof sentenceOf> }) {
  const written = words.map(({ text, isName }) => (isName ? createElement('strong', null, text) : text))
  return createElement('p', { className: 'breaks' }, ...written)
}
