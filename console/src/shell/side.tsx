import { AppWindow, Gauge, KeyRound, ListChecks, ScrollText, Settings, ShieldCheck, UserKey } from 'lucide-react'
import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import { usePlace } from './place.tsx'
import { Switcher } from './switcher.tsx'
import { Who } from './who.tsx'

const size = 17

/** Where one can go from here. */
export function Side({ onNavigate = () => undefined }: { readonly onNavigate?: () => void }) {
  const { home, place } = usePlace()
  const link = (path: string, icon: ReactNode, text: string) => (
    <NavLink to={`${home}${path}`} end={path === ''} className="nav-link" onClick={onNavigate}>
      {icon}
      {text}
    </NavLink>
  )
  return (
    <>
      <NavLink to={home} end className="brand" onClick={onNavigate}>
        <img src="/icon.svg" alt="" />
        Postern
      </NavLink>
      <Switcher onSwitch={onNavigate} />
      <nav className="nav" aria-label="Pages">
        {link('', <Gauge size={size} aria-hidden />, 'Overview')}
        {link('/tokens', <KeyRound size={size} aria-hidden />, 'Service tokens')}
        {link('/applications', <AppWindow size={size} aria-hidden />, 'Applications')}
        {link('/policies', <ShieldCheck size={size} aria-hidden />, place.kind === 'account' ? 'Policies and groups' : 'Groups')}
        {place.kind === 'account' && (
          <>
            <div className="nav-heading">Account</div>
            {link('/requests', <ListChecks size={size} aria-hidden />, 'Request log')}
            {link('/audit', <ScrollText size={size} aria-hidden />, 'Audit log')}
            {link('/api-tokens', <UserKey size={size} aria-hidden />, 'API tokens')}
            {link('/settings', <Settings size={size} aria-hidden />, 'Settings')}
          </>
        )}
      </nav>
      <div className="side-foot">
        <Who />
      </div>
    </>
  )
}
