import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { inOrder } from '../../../src/client/applications.ts'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import type { Direction } from './policy-row.tsx'

interface Move {
  readonly policy: { readonly id: string; readonly name: string }
  readonly direction: Direction
}

/** Moves policies of an application past each other. The focus stays on the button that was pressed, wherever it goes. */
export function usePolicyOrder(application: ApplicationResult) {
  const { place } = usePlace()
  const client = useClient()
  const queries = useQueryClient()
  const pressed = useRef<string>(undefined)
  const change = useChange(
    ({ policy, direction }: Move) => client.applications.choosePolicies(place, application.id, (ids) => moved(ids, policy.id, direction)),
    {
      said: (result, { policy }) => `${policy.name} is now ${positionIn(result, policy.id)} of ${result.policies.length}`,
      done(result, { policy, direction }) {
        pressed.current = `${policy.id} ${direction}`
        queries.setQueryData([place.id, 'applications', application.id], result)
      },
    },
  )
  const order = inOrder(application)
    .map(({ id }) => id)
    .join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: a button is only put elsewhere when the order changes
  useEffect(() => {
    if (pressed.current === undefined) return
    document.querySelector<HTMLButtonElement>(`[data-move="${pressed.current}"]`)?.focus()
    pressed.current = undefined
  }, [order])
  return change
}

/** With the id one place further; as it is where there is none. */
function moved(ids: readonly string[], id: string, direction: Direction): readonly string[] {
  const from = ids.indexOf(id)
  const to = direction === 'up' ? from - 1 : from + 1
  const other = ids[to]
  return from === -1 || other === undefined ? ids : ids.with(from, other).with(to, id)
}

function positionIn(application: ApplicationResult, id: string): number {
  return inOrder(application).findIndex((policy) => policy.id === id) + 1
}
