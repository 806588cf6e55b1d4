import { Tooltip } from '@base-ui/react/tooltip'
import { LoaderCircle } from 'lucide-react'
import { type ComponentProps, type ReactNode, useId } from 'react'
import { Link, type To } from 'react-router'

interface Look {
  readonly kind?: 'primary' | 'danger' | 'plain' | undefined
  readonly small?: boolean | undefined
  /** Shown before the text, or alone: then `label` says what it does. */
  readonly icon?: ReactNode
  readonly label?: string
}

interface ButtonProps extends Look, Omit<ComponentProps<'button'>, 'ref' | 'disabled'> {
  /** Why it cannot be used now; it can while there is no reason. It stays in the order of focus, so that everybody learns of the reason. */
  readonly reason?: string | undefined
  readonly isBusy?: boolean
}

export function Button({ kind, small, icon, label, reason, isBusy = false, children, onClick, ...others }: ButtonProps) {
  const reasonId = useId()
  const button = (
    <button
      type="button"
      {...others}
      className={classOf({ kind, small, isIcon: children === undefined })}
      aria-label={label ?? others['aria-label']}
      aria-disabled={reason !== undefined || isBusy ? true : undefined}
      aria-describedby={reason === undefined ? undefined : reasonId}
      onClick={reason !== undefined || isBusy ? (event) => event.preventDefault() : onClick}
    >
      {isBusy ? <LoaderCircle size={16} className="spins" aria-hidden /> : icon}
      {children}
    </button>
  )
  if (reason === undefined) return label === undefined ? button : <Tip text={label}>{button}</Tip>
  return (
    <>
      <Tip text={reason}>{button}</Tip>
      <span id={reasonId} className="unseen">
        {reason}
      </span>
    </>
  )
}

/** A link that looks like a button. With a reason it is one that cannot be used. */
export function ButtonLink({
  to,
  reason,
  kind,
  small,
  icon,
  children,
}: Look & { to: To; reason?: string | undefined; children: ReactNode }) {
  if (reason !== undefined) {
    return (
      <Button kind={kind} small={small} icon={icon} reason={reason}>
        {children}
      </Button>
    )
  }
  return (
    <Link to={to} className={classOf({ kind, small, isIcon: false })}>
      {icon}
      {children}
    </Link>
  )
}

/** A word on what is pointed at or has the focus. */
function Tip({ text, children }: { readonly text: string; readonly children: React.ReactElement<Record<string, unknown>> }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner className="float" sideOffset={6}>
          <Tooltip.Popup className="tooltip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

interface Shape {
  readonly kind: Look['kind'] | undefined
  readonly small: boolean | undefined
  readonly isIcon: boolean
}

function classOf({ kind, small, isIcon }: Shape): string {
  return ['button', kind && `button-${kind}`, small && 'button-small', isIcon && 'button-icon'].filter(Boolean).join(' ')
}
