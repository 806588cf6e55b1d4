import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { Link } from 'react-router'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { Sentence, useNames } from './sentence.tsx'

/** One of the policies that applications of the account share, for one more. */
export function ShareDialog({ application, onClose }: { readonly application: ApplicationResult; readonly onClose: () => void }) {
  const { place, account } = usePlace()
  const client = useClient()
  const group = useId()
  const [chosen, setChosen] = useState('')
  const query = useQuery({ queryKey: [account.id, 'policies'], queryFn: ({ signal }) => client.policies.list(account, signal) })
  const there = new Set(application.policies.map(({ id }) => id))
  const offered = (query.data?.items ?? []).filter(({ id }) => !there.has(id))
  const names = useNames(offered)
  const attach = useChange(
    () => client.applications.choosePolicies(place, application.id, (ids) => [...ids.filter((id) => id !== chosen), chosen]),
    { said: () => 'Policy added, behind the others', done: onClose },
  )
  return (
    <ActionDialog
      title={`Add a shared policy to ${application.name}`}
      lead="It stays one policy: whoever changes it changes it for every application that uses it."
      action="Add"
      isWide
      isBusy={attach.isPending}
      error={attach.error}
      reason={chosen === '' ? 'Choose a policy first.' : undefined}
      onClose={onClose}
      onAct={() => attach.mutate()}
    >
      <Loaded query={query} lines={3}>
        {() =>
          offered.length === 0 ? (
            <p className="soft">
              {query.data?.items.length === 0 ? 'The account has no shared policies.' : 'The account has no other shared policies.'}{' '}
              <Link to={`/accounts/${account.id}/policies`}>Make one on the page of policies.</Link>
            </p>
          ) : (
            <fieldset className="stack-tight">
              <legend className="unseen">Shared policies</legend>
              {offered.map((policy) => (
                <div key={policy.id} className="check">
                  <input
                    type="radio"
                    id={`${group}${policy.id}`}
                    name={group}
                    aria-describedby={`${group}${policy.id}-does`}
                    checked={policy.id === chosen}
                    onChange={() => setChosen(policy.id)}
                  />
                  <div>
                    <label htmlFor={`${group}${policy.id}`} className="strong breaks">
                      {policy.name}
                    </label>
                    <div id={`${group}${policy.id}-does`} className="soft small">
                      <Sentence policy={policy} names={names} />
                    </div>
                  </div>
                </div>
              ))}
            </fieldset>
          )
        }
      </Loaded>
    </ActionDialog>
  )
}
