import { useQuery } from '@tanstack/react-query'
import { BookOpen, ChevronsUpDown, Keyboard, ListChecks, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react'
import { useState } from 'react'
import { Menu, MenuItem, MenuSeparator } from '../elements/menu.tsx'
import { useSession } from '../session/session.tsx'
import { PermissionsDialog } from './permissions-dialog.tsx'
import { openHelp } from './shortcuts.tsx'
import { chooseTheme, useTheme } from './theme.ts'

const size = 16

/** Who is signed in, and what is theirs to choose. */
export function Who() {
  const { client, credentials, signOut } = useSession()
  const theme = useTheme()
  const [arePermissionsOpen, setPermissionsOpen] = useState(false)
  const user = useQuery({
    queryKey: ['user'],
    // An account's own token is nobody's.
    enabled: credentials.kind === 'api_token' && !credentials.value.startsWith('psa_'),
    queryFn: ({ signal }) => client.directory.user(signal),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const name = user.data?.email ?? (credentials.kind === 'api_key' ? credentials.email : 'Signed in')
  const chosen = (text: string, is: boolean) => (is ? `${text} (chosen)` : text)
  return (
    <>
      <Menu
        trigger={
          <button type="button" className="who">
            <UserRound size={17} aria-hidden />
            <span className="switcher-text">
              <span className="switcher-name">{name}</span>
              <span className="switcher-kind">{credentials.kind === 'api_key' ? 'E-mail and key' : 'API token'}</span>
            </span>
            <ChevronsUpDown size={15} aria-hidden />
          </button>
        }
      >
        <MenuItem icon={<ListChecks size={size} aria-hidden />} onSelect={() => setPermissionsOpen(true)}>
          What you may do here
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Monitor size={size} aria-hidden />} onSelect={() => chooseTheme('system')}>
          {chosen('As the system looks', theme === 'system')}
        </MenuItem>
        <MenuItem icon={<Sun size={size} aria-hidden />} onSelect={() => chooseTheme('light')}>
          {chosen('Light', theme === 'light')}
        </MenuItem>
        <MenuItem icon={<Moon size={size} aria-hidden />} onSelect={() => chooseTheme('dark')}>
          {chosen('Dark', theme === 'dark')}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Keyboard size={size} aria-hidden />} onSelect={openHelp}>
          Keyboard shortcuts
        </MenuItem>
        <MenuItem icon={<BookOpen size={size} aria-hidden />} onSelect={() => window.open('/docs', '_blank', 'noopener')}>
          API reference
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<LogOut size={size} aria-hidden />} onSelect={signOut}>
          Sign out
        </MenuItem>
      </Menu>
      {arePermissionsOpen && <PermissionsDialog onClose={() => setPermissionsOpen(false)} />}
    </>
  )
}
