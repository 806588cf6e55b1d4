import type { ReactElement, ReactNode } from 'react'
import { Button } from '../elements/button.tsx'
import { Failed, Skeleton } from '../elements/states.tsx'

interface LogCardProps<Entry> {
  readonly label: string
  /** All that was loaded so far; nothing until something was. */
  readonly entries: readonly Entry[] | undefined
  readonly log: {
    readonly error: Error | null
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly refetch: () => unknown
    readonly fetchNextPage: () => unknown
  }
  /** In the place of a table without entries. */
  readonly empty: ReactElement
  readonly children: (entries: readonly Entry[]) => ReactNode
}

/** A log, of which more is shown when it is asked for. */
export function LogCard<Entry>({ label, entries, log, empty, children }: LogCardProps<Entry>) {
  return (
    <section className="card" aria-label={label}>
      {entries === undefined ? (
        log.error ? (
          <Failed error={log.error} onRetry={() => void log.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )
      ) : entries.length === 0 ? (
        empty
      ) : (
        children(entries)
      )}
      {log.hasNextPage && (
        <div className="more">
          <Button isBusy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </section>
  )
}
