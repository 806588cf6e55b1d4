import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from './button.tsx'

interface PagerProps {
  readonly page: number
  readonly pages: number
  readonly total: number
  readonly perPage: number
  /** Of what there are pages. */
  readonly what: string
  readonly onPage: (page: number) => void
}

export function Pager({ page, pages, total, perPage, what, onPage }: PagerProps) {
  const from = (page - 1) * perPage + 1
  const to = Math.min(page * perPage, total)
  return (
    <nav className="pager" aria-label={`Pages of ${what}`}>
      <span>
        {from.toLocaleString('en')}–{to.toLocaleString('en')} of {total.toLocaleString('en')} {what}
      </span>
      {pages > 1 && (
        <span className="row">
          <Button
            small
            icon={<ChevronLeft size={16} aria-hidden />}
            reason={page <= 1 ? 'This is the first page.' : undefined}
            onClick={() => onPage(page - 1)}
          >
            Previous
          </Button>
          <span aria-current="page">
            {page.toLocaleString('en')} / {pages.toLocaleString('en')}
          </span>
          <Button small reason={page >= pages ? 'This is the last page.' : undefined} onClick={() => onPage(page + 1)}>
            Next
            <ChevronRight size={16} aria-hidden />
          </Button>
        </span>
      )}
    </nav>
  )
}
