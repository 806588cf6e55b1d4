import { SearchX } from 'lucide-react'
import { createBrowserRouter, Link, useRouteError } from 'react-router'
import { Empty, Skeleton } from './elements/states.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import { ListPage } from './service-tokens/list-page.tsx'
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
              { path: 'tokens', element: <ListPage /> },
              { path: 'tokens/new', lazy: async () => ({ Component: (await import('./service-tokens/create-page.tsx')).CreatePage }) },
              { path: 'tokens/:tokenId', lazy: async () => ({ Component: (await import('./service-tokens/detail-page.tsx')).DetailPage }) },
              { path: 'applications', lazy: async () => ({ Component: (await import('./applications/list-page.tsx')).ListPage }) },
              {
                path: 'applications/:applicationId',
                lazy: async () => ({ Component: (await import('./applications/detail-page.tsx')).DetailPage }),
              },
              { path: 'policies', lazy: async () => ({ Component: (await import('./applications/policies-page.tsx')).PoliciesPage }) },
              { path: 'requests', lazy: async () => ({ Component: (await import('./logs/requests-page.tsx')).RequestsPage }) },
              { path: 'audit', lazy: async () => ({ Component: (await import('./logs/audit-page.tsx')).AuditPage }) },
              { path: 'api-tokens', lazy: async () => ({ Component: (await import('./api-tokens/list-page.tsx')).ListPage }) },
              { path: 'settings', lazy: async () => ({ Component: (await import('./settings/settings-page.tsx')).SettingsPage }) },
              { path: '*', element: <NotFound /> },
            ],
          },
        ],
      },
      { path: '*', element: <NotFound /> },
    ],
  },
])
