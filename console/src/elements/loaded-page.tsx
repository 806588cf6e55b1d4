import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Card, Page, type PageProps } from './page.tsx'
import { Loaded } from './states.tsx'

interface LoadedPageProps<Data> extends Pick<PageProps, 'title' | 'back'> {
  readonly query: UseQueryResult<Data>
  /** The page of what was found, with a title of its own. */
  readonly children: (data: Data) => ReactNode
}

/** A page about one thing, and in its place one that says that the thing is on its way, or why it could not be loaded. */
export function LoadedPage<Data>({ query, children, ...page }: LoadedPageProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  return (
    <Page {...page}>
      <Card>
        <Loaded query={query} lines={6}>
          {() => null}
        </Loaded>
      </Card>
    </Page>
  )
}
