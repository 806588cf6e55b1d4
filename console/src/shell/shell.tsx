import { Dialog } from '@base-ui/react/dialog'
import { Menu as MenuIcon } from 'lucide-react'
import { useState } from 'react'
import { Outlet, ScrollRestoration } from 'react-router'
import { Button } from '../elements/button.tsx'
import { Outage } from './outage.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { Side } from './side.tsx'

/** Navigation beside every page; on narrow screens behind a button. */
export function Shell() {
  const [isDrawerOpen, setDrawerOpen] = useState(false)
  return (
    <>
      <a href="#main" className="button skip">
        Skip to the page
      </a>
      <div className="shell">
        <aside className="side-ground">
          <div className="side">
            <Side />
          </div>
        </aside>
        <header className="topbar">
          <span className="brand">
            <img src="/icon.svg" alt="" />
            Postern
          </span>
          <Button icon={<MenuIcon size={18} aria-hidden />} label="Open the navigation" onClick={() => setDrawerOpen(true)} />
        </header>
        <main className="main" id="main" tabIndex={-1}>
          <Outage />
          <Outlet />
        </main>
      </div>
      <Dialog.Root open={isDrawerOpen} onOpenChange={setDrawerOpen}>
        <Dialog.Portal>
          <Dialog.Backdrop className="backdrop" />
          <Dialog.Popup className="drawer" aria-label="Navigation">
            <div className="side">
              <Side onNavigate={() => setDrawerOpen(false)} />
            </div>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <Shortcuts />
      <ScrollRestoration />
    </>
  )
}
