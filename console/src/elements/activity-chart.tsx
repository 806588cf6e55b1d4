import { useLayoutEffect, useRef, useState } from 'react'
import type { ActivityResult, TokenActivityResult } from '../../../src/wire/activity.ts'
import { ticksUpTo } from './ticks.ts'

export type ChartHours = 24 | 168

export function HoursChoice({ hours, onChange }: { readonly hours: ChartHours; readonly onChange: (hours: ChartHours) => void }) {
  return (
    <div className="segments">
      {([24, 168] as const).map((option) => (
        <button key={option} type="button" aria-pressed={option === hours} onClick={() => onChange(option)}>
          {option === 24 ? '24 hours' : '7 days'}
        </button>
      ))}
    </div>
  )
}

const height = 180
const labelWidth = 40
const plot = { left: 40, top: 8, bottom: 154 } as const

const hourOf = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const dayOf = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric' })
const whole = new Intl.DateTimeFormat('en', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** What became of some of an hour's requests. The parts of a bar stand on each other, and in the table beside each other. */
export interface ChartPart<Hour> {
  readonly kind: 'allowed' | 'previous' | 'refused'
  /** In small letters, as it follows a number. */
  readonly text: string
  readonly count: (hour: Hour) => number
}

interface ActivityChartProps<Hour extends ActivityResult> {
  readonly activity: readonly Hour[]
  readonly parts: readonly ChartPart<Hour>[]
  readonly what: string
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

/** Bars of the requests of each hour; the numbers of the one that is pointed at below. The same as a table for screen readers. */
export function ActivityChart<Hour extends ActivityResult>({ activity, parts, what }: ActivityChartProps<Hour>) {
  const [pointedAt, setPointedAt] = useState<number>()
  const shown = pointedAt === undefined ? undefined : activity[pointedAt]
  const counts = parts.map(({ kind, text, count }) => ({ kind, text, count: sumOf((shown ? [shown] : activity).map(count)) }))
  return (
    <figure className="chart">
      <Bars {...{ activity, parts, what, pointedAt }} onPoint={setPointedAt} />
      <figcaption className="row-apart small">
        <span className="row">
          {counts.map(({ kind, text, count }) => (
            <span key={kind} className={`legend legend-${kind}`}>{`${count.toLocaleString('en')} ${text}`}</span>
          ))}
        </span>
        <span className="soft">
          {shown ? `${whole.format(Date.parse(shown.hour))}, one hour` : `in ${activity.length === 168 ? '7 days' : '24 hours'}`}
        </span>
      </figcaption>
      <Numbers {...{ activity, parts, what }} />
    </figure>
  )
}

interface BarsProps<Hour extends ActivityResult> extends ActivityChartProps<Hour> {
  readonly pointedAt: number | undefined
  readonly onPoint: (index: number | undefined) => void
}

function Bars<Hour extends ActivityResult>({ activity, parts, what, pointedAt, onPoint }: BarsProps<Hour>) {
  const [frame, width] = useWidth()
  const ticks = ticksUpTo(Math.max(1, ...activity.map((hour) => sumOf(parts.map(({ count }) => count(hour))))))
  const top = ticks.at(-1) ?? 1
  const step = (width - plot.left) / activity.length
  const y = (count: number) => plot.bottom - (count / top) * (plot.bottom - plot.top)
  const totals = parts.map(({ text, count }) => `${sumOf(activity.map(count))} ${text}`)
  return (
    <div ref={frame}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${what} in ${activity.length} hours: ${totals.join(', ')}`}
        onPointerLeave={() => onPoint(undefined)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={plot.left} x2={width} y1={y(tick)} y2={y(tick)} className="chart-line" />
            <text x={plot.left - 8} y={y(tick) + 4} textAnchor="end" className="chart-text">
              {compact.format(tick)}
            </text>
          </g>
        ))}
        {activity.map((hour, index) => {
          const x = plot.left + index * step
          const text = labelOf(hour, index, activity.length)
          return (
            <g key={hour.hour} data-active={index === pointedAt || undefined} className="chart-hour" onPointerEnter={() => onPoint(index)}>
              <rect x={x} y={plot.top} width={step} height={plot.bottom - plot.top} className="chart-space" />
              {stacked(hour, parts, y).map(({ kind, ...bar }) => (
                <rect key={kind} x={x + step * 0.12} width={step * 0.76} {...bar} className={`chart-${kind}`} />
              ))}
              {text !== undefined && (
                <text {...placeOf(x + step / 2, width)} y={height - 8} className="chart-text">
                  {text}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </div>
  )
}

/** Below its bar, and never beyond the edge of the drawing. */
function placeOf(middle: number, width: number) {
  return middle + labelWidth / 2 > width ? { x: width, textAnchor: 'end' as const } : { x: middle, textAnchor: 'middle' as const }
}

/** Where the parts of an hour's bar are, with a line of the ground between those that are high enough for it. */
function stacked<Hour>(hour: Hour, parts: readonly ChartPart<Hour>[], y: (count: number) => number) {
  let below = 0
  return parts.map(({ kind, count }) => {
    const bottom = y(below)
    below += count(hour)
    const rise = bottom - y(below)
    const gap = bottom < plot.bottom && rise > 3 ? 1 : 0
    return { kind, y: y(below), height: rise - gap }
  })
}

/** Of an element, as wide as it is now, so that text in a drawing keeps its size. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(640)
  useLayoutEffect(() => {
    if (element.current === null) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, entry.contentRect.width)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return [element, width] as const
}

const compact = new Intl.NumberFormat('en', { notation: 'compact' })

/** Every sixth hour of a day; every midnight of a week. */
function labelOf({ hour }: ActivityResult, index: number, count: number): string | undefined {
  const at = new Date(hour)
  if (count <= 48) return at.getHours() % 6 === 0 ? hourOf.format(at) : undefined
  return at.getHours() === 0 && index > 2 && index < count - 6 ? dayOf.format(at) : undefined
}

function Numbers<Hour extends ActivityResult>({ activity, parts, what }: ActivityChartProps<Hour>) {
  return (
    <div className="unseen">
      <table>
        <caption>{what}, hours without any left out</caption>
        <thead>
          <tr>
            <th>Hour</th>
            {parts.map(({ kind, text }) => (
              <th key={kind}>{text}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {activity
            .filter((hour) => parts.some(({ count }) => count(hour) > 0))
            .map((hour) => (
              <tr key={hour.hour}>
                <th scope="row">{whole.format(Date.parse(hour.hour))}</th>
                {parts.map(({ kind, count }) => (
                  <td key={kind}>{count(hour)}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}

/** Requests by what became of them. */
export const byOutcome: readonly ChartPart<ActivityResult>[] = [
  { kind: 'allowed', text: 'allowed', count: ({ allowed }) => allowed },
  { kind: 'refused', text: 'refused', count: ({ refused }) => refused },
]

/** Those with a token that has been rotated: by the secret that they came with, too. */
export const bySecret: readonly ChartPart<TokenActivityResult>[] = [
  { kind: 'allowed', text: 'by the current secret', count: ({ allowed, previous_secret: previous }) => allowed - previous },
  { kind: 'previous', text: 'by the previous secret', count: ({ previous_secret: previous }) => previous },
  { kind: 'refused', text: 'refused', count: ({ refused }) => refused },
]
