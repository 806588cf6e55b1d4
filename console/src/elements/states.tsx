import type { UseQueryResult } from '@tanstack/react-query'
import { CircleAlert, Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../../../src/client/transport.ts'
import { Button } from './button.tsx'
import { messageOf } from './dialog.tsx'

interface EmptyProps {
  readonly icon: ReactNode
  readonly title: string
  readonly children?: ReactNode
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className="empty">
      <div className="empty-icon" aria-hidden>
        {icon}
      </div>
      <h2>{title}</h2>
      {children && <div className="empty-text">{children}</div>}
    </div>
  )
}

/** What the API said no to. */
export function Failed({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 403) {
    return (
      <Empty icon={<Lock size={22} />} title="Your credential may not see this">
        <p>{error.message === 'Authentication error' ? 'It lacks a permission that this needs.' : error.message}</p>
      </Empty>
    )
  }
  return (
    <div role="alert">
      <Empty icon={<CircleAlert size={22} />} title="This could not be loaded">
        <p>{messageOf(error)}</p>
        <Button onClick={onRetry}>Try again</Button>
      </Empty>
    </div>
  )
}

/** Grey lines in the place of what is on its way. */
export function Skeleton({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {[...Array(lines).keys()].map((line) => (
        <span key={line} />
      ))}
    </div>
  )
}

interface LoadedProps<Data> {
  readonly query: UseQueryResult<Data>
  readonly lines?: number
  readonly children: (data: Data) => ReactNode
}

/** Shows what a query found, or that it has not yet, or why it could not. */
export function Loaded<Data>({ query, lines, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton {...(lines !== undefined && { lines })} />
}
