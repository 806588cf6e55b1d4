import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { Button } from '../elements/button.tsx'
import { Dialog } from '../elements/dialog.tsx'
import { CheckField } from '../elements/field.tsx'
import { usePlace } from './place.tsx'
import { createPreference } from './preference.ts'

// Single keys get in the way of speech input, so they can be switched off (WCAG 2.2, criterion 2.1.4).
const keys = createPreference('postern.shortcuts', ['on', 'off'])
const helpWanted = 'postern:help'

export function openHelp(): void {
  window.dispatchEvent(new Event(helpWanted))
}

const list = [
  ['/', 'Search the service tokens'],
  ['n', 'New service token'],
  ['?', 'This help'],
  ['Esc', 'Close what is open'],
] as const

export function Shortcuts() {
  const { home } = usePlace()
  const navigate = useNavigate()
  const isOn = keys.use() === 'on'
  const [isHelpOpen, setHelpOpen] = useState(false)
  useEffect(() => {
    const open = () => setHelpOpen(true)
    const press = (event: KeyboardEvent) => {
      if (!isOn || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return
      if (event.key === '?') open()
      // The key must not be typed into the field that gets the focus.
      if (event.key === 'n' || event.key === '/') event.preventDefault()
      if (event.key === 'n') void navigate(`${home}/tokens/new`)
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]')
        if (search) search.focus()
        else void navigate(`${home}/tokens`, { state: { search: true } })
      }
    }
    window.addEventListener(helpWanted, open)
    window.addEventListener('keydown', press)
    return () => {
      window.removeEventListener(helpWanted, open)
      window.removeEventListener('keydown', press)
    }
  }, [home, isOn, navigate])
  if (!isHelpOpen) return null
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => setHelpOpen(false)} foot={<Button onClick={() => setHelpOpen(false)}>Close</Button>}>
      <div className="dialog-body">
        <dl className="facts">
          {list.map(([key, meaning]) => (
            <div key={key} className="contents">
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <CheckField label="Use single keys" isChecked={isOn} onChange={(isChosen) => keys.set(isChosen ? 'on' : 'off')} />
      </div>
    </Dialog>
  )
}

/** Somebody is typing, or a window is open. */
function isBusy(target: EventTarget | null): boolean {
  const isTyping = target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  return isTyping || document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null
}
