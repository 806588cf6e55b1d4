import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import type { PermissionResult } from '../../../src/wire/permission.ts'
import { Card, Page } from '../elements/page.tsx'
import { Empty } from '../elements/states.tsx'
import { usePlace } from './place.tsx'

interface GuardedProps {
  readonly permission: PermissionResult
  readonly children: ReactNode
}

/** A part of a page that only a permission shows; without it, which one that is. */
export function Guarded({ permission, children }: GuardedProps) {
  const { reasonAgainst } = usePlace()
  const reason = reasonAgainst(permission)
  if (reason === undefined) return children
  return (
    <Empty icon={<Lock size={22} />} title="Your credential may not see this">
      <p>{reason} Whoever made it can add that.</p>
    </Empty>
  )
}

/** The same of a card. */
export function GuardedCard({ title, permission, children }: GuardedProps & { readonly title?: string }) {
  const { reasonAgainst } = usePlace()
  if (reasonAgainst(permission) === undefined) return children
  return (
    <Card {...(title !== undefined && { title })}>
      <Guarded permission={permission}>{null}</Guarded>
    </Card>
  )
}

/** The same of a whole page. */
export function GuardedPage({ title, permission, children }: GuardedProps & { readonly title: string }) {
  const { reasonAgainst } = usePlace()
  if (reasonAgainst(permission) === undefined) return children
  return (
    <Page title={title}>
      <GuardedCard permission={permission}>{null}</GuardedCard>
    </Page>
  )
}
