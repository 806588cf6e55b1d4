import { Combobox } from '@base-ui/react/combobox'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

interface TokenPickerProps {
  readonly id?: string
  readonly label: string
  readonly tokenId: string
  readonly onChange: (tokenId: string) => void
}

interface Choice {
  readonly id: string
  readonly name: string
}

const mostOffered = 20

/** One of the service tokens, found by its name: there may be very many. */
export function TokenPicker({ id, label, tokenId, onChange }: TokenPickerProps) {
  const { place } = usePlace()
  const client = useClient()
  const [sought, setSought] = useState('')
  const chosen = useQuery({
    queryKey: [place.id, 'tokens', tokenId],
    enabled: tokenId !== '',
    queryFn: ({ signal }) => client.serviceTokens.get(place, tokenId, signal),
  })
  const value = tokenId === '' ? null : { id: tokenId, name: chosen.data?.name ?? '' }
  const search = value?.name === sought ? '' : sought
  const offered = useQuery({
    queryKey: [place.id, 'tokens', 'offered', search],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => client.serviceTokens.list(place, { per_page: mostOffered, ...(search !== '' && { search }) }, signal),
  })
  const items: readonly Choice[] = offered.data?.items ?? []
  return (
    <Combobox.Root
      items={items}
      filter={null}
      value={value}
      onValueChange={(choice: Choice | null) => onChange(choice?.id ?? '')}
      onInputValueChange={setSought}
      itemToStringLabel={({ name }: Choice) => name}
      isItemEqualToValue={(one: Choice, other: Choice) => one.id === other.id}
    >
      <Combobox.Input className="input" aria-label={label} placeholder="Find a token by name" {...(id !== undefined && { id })} />
      <Combobox.Portal>
        <Combobox.Positioner className="float" sideOffset={5} align="start">
          <Combobox.Popup className="popover" aria-label="Service tokens">
            <Combobox.Empty>
              <span className="soft small popover-text">No token has this name.</span>
            </Combobox.Empty>
            <Combobox.List>
              {(choice: Choice) => (
                <Combobox.Item key={choice.id} value={choice} className="menu-item">
                  <span className="menu-item-text">{choice.name}</span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  )
}
