import { Tabs } from '@base-ui/react/tabs'
import { type ReactNode, useEffect, useState } from 'react'
import { type To, useBlocker } from 'react-router'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import type { IssuedServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button, ButtonLink } from '../elements/button.tsx'
import { CodeBlock, CopyButton } from '../elements/copy.tsx'
import { Dialog } from '../elements/dialog.tsx'
import { TextField } from '../elements/field.tsx'
import { Note } from '../elements/note.tsx'
import { Card, Page } from '../elements/page.tsx'
import { useHold } from '../session/hold.ts'
import { usePlace } from '../shell/place.tsx'
import { snippets } from './snippets.ts'

interface RevealProps {
  readonly token: IssuedServiceTokenResult
  readonly title: string
  /** What it is for, where that is known: the snippets call it. */
  readonly application: ApplicationResult | undefined
  readonly doneTo: To
  /** Done on the same page, instead of going to `doneTo`. */
  readonly onDone?: () => void
  readonly children?: ReactNode
}

/** The one time that a secret is shown. Who leaves without having copied it is asked once. */
export function Reveal({ token, title, application, doneTo, onDone, children }: RevealProps) {
  useHold()
  const [isCopied, setCopied] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [wasAsked, setAsked] = useState(false)
  const mayLeave = isCopied || wasAsked
  const copied = () => setCopied(true)
  useOwnCopy(token.client_secret, copied)
  useWarningOnUnload(!mayLeave)
  const blocker = useBlocker(({ currentLocation, nextLocation }) => !mayLeave && currentLocation.pathname !== nextLocation.pathname)
  const isBlocked = blocker.state === 'blocked'
  return (
    <Page title={title} isNarrow>
      <Note kind="warn">This is the only time that the secret is shown. Copy it now: Postern keeps no more of it than a digest.</Note>
      {children}
      <Card>
        <div className="stack">
          <Value name="Client ID" header="CF-Access-Client-Id" value={token.client_id} />
          <Value name="Client secret" header="CF-Access-Client-Secret" value={token.client_secret} onCopied={copied} />
        </div>
      </Card>
      <Usage token={token} application={application} onCopied={copied} />
      <div className="row">
        {onDone ? (
          <Button kind="primary" onClick={() => (mayLeave ? onDone() : setAsking(true))}>
            Done
          </Button>
        ) : (
          <ButtonLink kind="primary" to={doneTo}>
            Done
          </ButtonLink>
        )}
      </div>
      {(isBlocked || isAsking) && (
        <LeaveDialog
          onStay={() => {
            setAsking(false)
            setAsked(true)
            blocker.reset?.()
          }}
          onLeave={() => (isBlocked ? blocker.proceed() : onDone?.())}
        />
      )}
    </Page>
  )
}

interface ValueProps {
  readonly name: string
  readonly header: string
  readonly value: string
  readonly onCopied?: () => void
}

function Value({ name, header, value, onCopied }: ValueProps) {
  return (
    <div className="stack-tight">
      <div className="row-apart">
        <h2>{name}</h2>
        <span className="small soft">
          Header <code>{header}</code>
        </span>
      </div>
      <div className="secret">
        <code className="breaks" data-value={name}>
          {value}
        </code>
        <CopyButton text={value} what={name} isWordy {...(onCopied && { onCopied })} />
      </div>
    </div>
  )
}

function Usage({ token, application, onCopied }: Pick<RevealProps, 'token' | 'application'> & { readonly onCopied: () => void }) {
  const { place } = usePlace()
  const [url, setUrl] = useState(() => addressOf(application))
  const list = snippets({ token, url, place })
  return (
    <Card title="Use it" lead="Both headers go with every request to the protected service.">
      <div className="stack">
        <TextField label="Address of the service" value={url} onChange={setUrl} inputMode="url" spellCheck={false} />
        <Tabs.Root defaultValue={list[0]?.name}>
          <Tabs.List className="tabs">
            {list.map(({ name }) => (
              <Tabs.Tab key={name} value={name} className="tab">
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {list.map(({ name, text, hasSecret }) => (
            <Tabs.Panel key={name} value={name} className="tab-panel">
              <CodeBlock text={text} what={name} {...(hasSecret && { onCopied })} />
            </Tabs.Panel>
          ))}
        </Tabs.Root>
      </div>
    </Card>
  )
}

/** A wildcard stands for some name: one has to be put in its place. */
function addressOf(application: ApplicationResult | undefined): string {
  const domain = application?.domain ?? '*'
  return domain === '*' ? 'https://service.example.com/' : `https://${domain.replaceAll('*', 'some')}`
}

function LeaveDialog({ onStay, onLeave }: { readonly onStay: () => void; readonly onLeave: () => void }) {
  return (
    <Dialog
      title="Leave without the secret?"
      lead="It was not copied, and it cannot be shown again. Without it the token is of no use until its secret is rotated."
      onClose={onStay}
      foot={
        <>
          <Button onClick={onStay}>Stay</Button>
          <Button kind="danger" onClick={onLeave}>
            Leave
          </Button>
        </>
      }
    >
      <div className="dialog-body" />
    </Dialog>
  )
}

/** Who selects the secret and copies it without the button has it too. */
function useOwnCopy(secret: string, onCopied: () => void): void {
  useEffect(() => {
    const listen = () => {
      if (document.getSelection()?.toString().includes(secret)) onCopied()
    }
    document.addEventListener('copy', listen)
    return () => document.removeEventListener('copy', listen)
  }, [secret, onCopied])
}

function useWarningOnUnload(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [isOn])
}
