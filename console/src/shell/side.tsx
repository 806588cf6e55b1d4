import { AppWindow, Gauge, KeyRound, ListChecks, Lock, ScrollText, Settings, ShieldCheck, UserKey } from 'lucide-react'
import type { ReactNode } from 'react'
import { NavLink } from 'react-router'
import type { PermissionResult } from '../../../src/wire/permission.ts'
import { usePlace } from './place.tsx'
import { Switcher } from './switcher.tsx'
import { Who } from './who.tsx'

const size = 17

/** Where one can go from here. */
export function Side({ onNavigate = () => undefined }: { readonly onNavigate?: () => void }) {
  const { home, place, reasonAgainst } = usePlace()
  const link = (path: string, icon: ReactNode, text: string, ...oneOf: readonly PermissionResult[]) => {
    const reasons = oneOf.map(reasonAgainst)
    const reason = reasons.includes(undefined) ? undefined : reasons[0]
    return (
      <NavLink to={`${home}${path}`} end={path === ''} className="nav-link" title={reason} onClick={onNavigate}>
        {icon}
        {text}
        {reason !== undefined && <Lock size={14} className="nav-lock" aria-label="not with your credential" />}
      </NavLink>
    )
  }
  return (
    <>
      <NavLink to={home} end className="brand" onClick={onNavigate}>
        <img src="/icon.svg" alt="" />
        Postern
      </NavLink>
      <Switcher onSwitch={onNavigate} />
      <nav className="nav" aria-label="Pages">
        {link('', <Gauge size={size} aria-hidden />, 'Overview', 'service_tokens:read')}
        {link('/tokens', <KeyRound size={size} aria-hidden />, 'Service tokens', 'service_tokens:read')}
        {link('/applications', <AppWindow size={size} aria-hidden />, 'Applications', 'apps:read')}
        {link(
          '/policies',
          <ShieldCheck size={size} aria-hidden />,
          place.kind === 'account' ? 'Policies and groups' : 'Groups',
          'organization:read',
        )}
        {place.kind === 'account' && (
          <>
            <div className="nav-heading">Account</div>
            {link('/requests', <ListChecks size={size} aria-hidden />, 'Request log', 'audit_logs:read')}
            {link('/audit', <ScrollText size={size} aria-hidden />, 'Audit log', 'audit_logs:read')}
            {link('/api-tokens', <UserKey size={size} aria-hidden />, 'API tokens')}
            {link('/settings', <Settings size={size} aria-hidden />, 'Settings', 'organization:read')}
          </>
        )}
      </nav>
      <div className="side-foot">
        <Who />
      </div>
    </>
  )
}
