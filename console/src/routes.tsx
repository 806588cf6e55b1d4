import { SearchX } from 'lucide-react'
import type { ComponentType, ReactElement } from 'react'
import { createBrowserRouter, Link, type RouteObject, useRouteError } from 'react-router'
import { ApiError } from '../../src/client/transport.ts'
import type { PermissionResult } from '../../src/wire/permission.ts'
import { Card, Page } from './elements/page.tsx'
import { Empty, Failed, Skeleton } from './elements/states.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import { ListPage } from './service-tokens/list-page.tsx'
import { GuardedPage } from './shell/guarded.tsx'
import { Home } from './shell/home.tsx'
import { InPlace } from './shell/place.tsx'
import { Shell } from './shell/shell.tsx'

function NotFound() {
  return (
    <Empty icon={<SearchX size={22} />} title="There is no such page">
      <p>
        <Link to="/">Go to the overview</Link>
      </p>
    </Empty>
  )
}

function Broken() {
  const error = useRouteError()
  return (
    <main className="main">
      <Empty icon={<SearchX size={22} />} title="The console failed">
        <p>{error instanceof Error ? error.message : 'It met something that it did not expect.'}</p>
        <p>
          <a href="/">Load it again</a>
        </p>
      </Empty>
    </main>
  )
}

/** The listener is away, or Postern was upgraded and has other files now. */
function NotLoaded({ title }: { readonly title: string }) {
  return (
    <Page title={title}>
      <Card>
        <Failed error={new ApiError(0, 'The console could not load this page.')} onRetry={() => window.location.reload()} />
      </Card>
    </Page>
  )
}

function guarded(title: string, permission: PermissionResult | undefined, page: ReactElement): ReactElement {
  if (permission === undefined) return page
  return (
    <GuardedPage title={title} permission={permission}>
      {page}
    </GuardedPage>
  )
}

/** A page that is loaded when somebody goes there. Without a permission its parts say for themselves what they need. */
function later(path: string, title: string, permission: PermissionResult | undefined, load: () => Promise<ComponentType>): RouteObject {
  return {
    path,
    async lazy() {
      const Loaded = await load().catch(() => undefined)
      return { Component: () => guarded(title, permission, Loaded ? <Loaded /> : <NotLoaded title={title} />) }
    },
  }
}

// What most visits need comes with the first load; the rest when it is asked for.
export const router = createBrowserRouter([
  {
    errorElement: <Broken />,
    hydrateFallbackElement: <Skeleton />,
    children: [
      { path: '/', element: <Home /> },
      {
        path: '/:kind/:placeId',
        element: <InPlace />,
        children: [
          {
            element: <Shell />,
            children: [
              { index: true, element: <OverviewPage /> },
              { path: 'tokens', element: guarded('Service tokens', 'service_tokens:read', <ListPage />) },
              later(
                'tokens/new',
                'New service token',
                'service_tokens:write',
                async () => (await import('./service-tokens/create-page.tsx')).CreatePage,
              ),
              later(
                'tokens/:tokenId',
                'Service token',
                'service_tokens:read',
                async () => (await import('./service-tokens/detail-page.tsx')).DetailPage,
              ),
              later('applications', 'Applications', 'apps:read', async () => (await import('./applications/list-page.tsx')).ListPage),
              later(
                'applications/:applicationId',
                'Application',
                'apps:read',
                async () => (await import('./applications/detail-page.tsx')).DetailPage,
              ),
              later(
                'policies',
                'Policies and groups',
                undefined,
                async () => (await import('./applications/policies-page.tsx')).PoliciesPage,
              ),
              later('requests', 'Request log', 'audit_logs:read', async () => (await import('./logs/requests-page.tsx')).RequestsPage),
              later('audit', 'Audit log', 'audit_logs:read', async () => (await import('./logs/audit-page.tsx')).AuditPage),
              later('api-tokens', 'API tokens', undefined, async () => (await import('./api-tokens/list-page.tsx')).ListPage),
              later('settings', 'Settings', 'organization:read', async () => (await import('./settings/settings-page.tsx')).SettingsPage),
              { path: '*', element: <NotFound /> },
            ],
          },
        ],
      },
      { path: '*', element: <NotFound /> },
    ],
  },
])
