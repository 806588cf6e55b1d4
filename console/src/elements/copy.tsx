import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { announceFailure } from './toast.tsx'

/** Puts a text on the clipboard; whether it could. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text)
  }
}

/** The older way: on plain HTTP browsers have no other. */
function copySelected(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  const within = document.querySelector('[role="dialog"]') ?? document.body
  within.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  return isCopied
}

interface CopyButtonProps {
  readonly text: string
  /** What it is, for the button's name: "Copy client secret". */
  readonly what: string
  readonly isWordy?: boolean
  readonly onCopied?: () => void
}

export function CopyButton({ text, what, isWordy = false, onCopied }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async () => {
    if (!(await copyText(text))) return announceFailure(`The browser did not copy it. Select the ${what} and copy it yourself.`)
    setCopied(true)
    onCopied?.()
  }
  const icon = isCopied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />
  return (
    <>
      {isWordy ? (
        <Button small icon={icon} onClick={() => void copy()} aria-label={`Copy ${what}`}>
          {isCopied ? 'Copied' : 'Copy'}
        </Button>
      ) : (
        <Button small kind="plain" icon={icon} label={isCopied ? 'Copied' : `Copy ${what}`} onClick={() => void copy()} />
      )}
      <span className="unseen" role="status">
        {isCopied ? `${what} copied` : ''}
      </span>
    </>
  )
}

/** A value that people take elsewhere: an id, a secret. */
export function Copyable({ text, what, onCopied }: Pick<CopyButtonProps, 'text' | 'what' | 'onCopied'>) {
  return (
    <span className="copyable">
      <code className="breaks">{text}</code>
      <CopyButton text={text} what={what} {...(onCopied && { onCopied })} />
    </span>
  )
}

/** Lines of code to take along. */
export function CodeBlock({ text, what, onCopied }: Pick<CopyButtonProps, 'text' | 'what' | 'onCopied'>) {
  return (
    <div className="code">
      <div className="code-bar">
        <span className="small soft">{what}</span>
        <CopyButton text={text} what={what} isWordy {...(onCopied && { onCopied })} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <section className="code-scroll" aria-label={what} tabIndex={0}>
        <pre>{text}</pre>
      </section>
    </div>
  )
}
