import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

const icons = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert }

/** A remark within a page. */
export function Note({ kind = 'info', children }: { readonly kind?: keyof typeof icons; readonly children: ReactNode }) {
  const Icon = icons[kind]
  return (
    <div className={`note note-${kind}`} role={kind === 'bad' ? 'alert' : undefined}>
      <Icon size={17} aria-hidden />
      <div className="breaks">{children}</div>
    </div>
  )
}
