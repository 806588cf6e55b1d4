import '@fontsource-variable/inter/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/data.css'
import './styles/overlays.css'
import './styles/pieces.css'
import './styles/values.css'
import './styles/details.css'
import './styles/chart.css'
import { Tooltip } from '@base-ui/react/tooltip'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'
import { Clock } from './elements/moment.tsx'
import { Toasts } from './elements/toast.tsx'
import { router } from './routes.tsx'
import { SignedIn } from './session/session.tsx'
import { applyTheme } from './shell/theme.ts'

applyTheme()
const container = document.getElementById('console')
if (container === null) throw new Error('the page has no place for the console')
createRoot(container).render(
  <StrictMode>
    <Clock>
      <Tooltip.Provider delay={250}>
        <Toasts>
          <SignedIn>
            <RouterProvider router={router} />
          </SignedIn>
        </Toasts>
      </Tooltip.Provider>
    </Clock>
  </StrictMode>,
)
