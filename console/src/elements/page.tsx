import { ChevronLeft } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { Link, type To, useLocation } from 'react-router'

export interface PageProps {
  readonly title: string
  readonly lead?: ReactNode
  /** Beside the title. */
  readonly mark?: ReactNode
  readonly actions?: ReactNode
  readonly back?: { readonly to: To; readonly text: string }
  readonly isNarrow?: boolean
  readonly children: ReactNode
}

/** A page with its heading. Coming to it moves the focus there, so that screen readers say where one is; unless something on the page has it already. */
export function Page({ title, lead, mark, actions, back, isNarrow = false, children }: PageProps) {
  const page = useRef<HTMLDivElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const { key } = useLocation()
  const isFirst = key === 'default'
  useEffect(() => {
    document.title = `${title} · Postern`
  }, [title])
  useEffect(() => {
    if (!isFirst && !page.current?.contains(document.activeElement)) heading.current?.focus({ preventScroll: true })
  }, [isFirst])
  return (
    <div ref={page} className={isNarrow ? 'page page-narrow' : 'page'}>
      <header className="stack-tight">
        {back && (
          <div>
            <Link to={back.to} className="crumb">
              <ChevronLeft size={14} aria-hidden />
              {back.text}
            </Link>
          </div>
        )}
        <div className="page-head">
          <div className="page-head-text">
            <div className="row">
              <h1 ref={heading} tabIndex={-1}>
                {title}
              </h1>
              {mark}
            </div>
            {lead !== undefined && <div className="page-lead">{lead}</div>}
          </div>
          {actions !== undefined && <div className="row">{actions}</div>}
        </div>
      </header>
      {children}
    </div>
  )
}

interface CardProps {
  readonly title?: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  /** For links to it. */
  readonly id?: string
  /** Its content reaches to the edges, as tables do. */
  readonly isFlush?: boolean
  readonly children: ReactNode
}

export function Card({ title, lead, actions, id, isFlush = false, children }: CardProps) {
  return (
    <section className="card" aria-label={title} id={id}>
      {title !== undefined && (
        <div className="card-head">
          <div>
            <h2>{title}</h2>
            {lead !== undefined && <p className="soft small">{lead}</p>}
          </div>
          {actions}
        </div>
      )}
      {isFlush ? children : <div className="card-body">{children}</div>}
    </section>
  )
}
