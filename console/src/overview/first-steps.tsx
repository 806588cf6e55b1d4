import { AppWindow, KeyRound, ShieldCheck } from 'lucide-react'
import { Card } from '../elements/page.tsx'
import { usePlace } from '../shell/place.tsx'
import { ConcernRow } from './concerns.tsx'

const size = 17
const steps = [
  {
    ...{ icon: <KeyRound size={size} />, text: 'Make a service token', to: '/tokens/new' },
    note: 'A client id and a secret, which one machine sends with each request.',
  },
  {
    ...{ icon: <AppWindow size={size} />, text: 'Say what is protected', to: '/applications' },
    note: 'The hosts behind the gate, and which tokens each lets in.',
  },
  {
    ...{ icon: <ShieldCheck size={size} />, text: 'Put the gate in front of it', to: '/applications' },
    note: "An application's page has the configuration for your proxy.",
  },
]

/** What to do where there is no service token yet. */
export function FirstSteps() {
  const { home } = usePlace()
  return (
    <Card title="First steps" isFlush>
      <ol className="concerns">
        {steps.map(({ icon, text, note, to }) => (
          <ConcernRow key={text} concern={{ icon, text, note, to: `${home}${to}`, tone: 'idle' }} />
        ))}
      </ol>
    </Card>
  )
}
