import { Tabs } from '@base-ui/react/tabs'
import { useState } from 'react'
import caddy from '../../../docs/guide/Caddyfile?raw'
import envoy from '../../../docs/guide/envoy.yaml?raw'
import nginx from '../../../docs/guide/nginx.conf?raw'
import traefik from '../../../docs/guide/traefik.yml?raw'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { CodeBlock } from '../elements/copy.tsx'
import { TextField } from '../elements/field.tsx'
import { Card } from '../elements/page.tsx'
import { filledIn } from './proxy-files.ts'

// The configurations of the guide, which the tests start real proxies with.
const guides = [
  { name: 'nginx', text: nginx },
  { name: 'Caddy', text: caddy },
  { name: 'Traefik', text: traefik },
  { name: 'Envoy', text: envoy },
] as const

/** How a proxy asks the gate for this application. */
export function ProxyCard({ application }: { readonly application: ApplicationResult }) {
  const [gate, setGate] = useState('127.0.0.1:7480')
  const [service, setService] = useState(() => hostOf(application.origin_url) ?? '127.0.0.1:3000')
  return (
    <Card
      title="Ask the gate from your proxy"
      lead="Whole configurations, with the names of this application filled in. The guide says what to know before you change one."
    >
      <div className="stack">
        <div className="filters">
          <TextField label="Gate" value={gate} onChange={setGate} spellCheck={false} />
          <TextField label="Service" value={service} onChange={setService} spellCheck={false} />
        </div>
        <Tabs.Root defaultValue="nginx">
          <Tabs.List className="tabs">
            {guides.map(({ name }) => (
              <Tabs.Tab key={name} value={name} className="tab">
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {guides.map(({ name, text }) => (
            <Tabs.Panel key={name} value={name} className="tab-panel">
              <CodeBlock what={name} text={filledIn(name, text, { gate, service, application })} />
            </Tabs.Panel>
          ))}
        </Tabs.Root>
      </div>
    </Card>
  )
}

function hostOf(url: string | null): string | undefined {
  if (url === null || !URL.canParse(url)) return undefined
  return new URL(url).host
}
