import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import type { ReactNode } from 'react'

const manager = Toast.createToastManager()

/** A word on what has just been done, which goes away by itself. */
export function announce(title: string): void {
  manager.add({ title })
}

/** A word on what could not be done. */
export function announceFailure(title: string): void {
  manager.add({ title, type: 'error', priority: 'high', timeout: 12_000 })
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function List() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast">
      {toast.type === 'error' ? (
        <CircleAlert size={17} className="tone-bad" aria-hidden />
      ) : (
        <CircleCheck size={17} className="tone-good" aria-hidden />
      )}
      <Toast.Title className="toast-text" render={<div />} />
      <Toast.Close className="button button-plain button-small button-icon" aria-label="Dismiss">
        <X size={15} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ))
}
