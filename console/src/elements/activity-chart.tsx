import { useLayoutEffect, useRef, useState } from 'react'
import type { ActivityResult } from '../../../src/wire/activity.ts'
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

interface ActivityChartProps {
  readonly activity: readonly ActivityResult[]
  readonly what: string
}

/** Bars of allowed and refused requests for each hour; the numbers of the one that is pointed at below. The same as a table for screen readers. */
export function ActivityChart({ activity, what }: ActivityChartProps) {
  const [pointedAt, setPointedAt] = useState<number>()
  const [frame, width] = useWidth()
  const allowed = activity.reduce((sum, hour) => sum + hour.allowed, 0)
  const refused = activity.reduce((sum, hour) => sum + hour.refused, 0)
  const ticks = ticksUpTo(Math.max(1, ...activity.map((hour) => hour.allowed + hour.refused)))
  const top = ticks.at(-1) ?? 1
  const step = (width - plot.left) / activity.length
  const y = (count: number) => plot.bottom - (count / top) * (plot.bottom - plot.top)
  const shown = pointedAt === undefined ? undefined : activity[pointedAt]
  return (
    <figure className="chart">
      <div ref={frame}>
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${what}: ${allowed} allowed and ${refused} refused in ${activity.length} hours`}
          onPointerLeave={() => setPointedAt(undefined)}
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
            const bar = { x: x + step * 0.12, width: step * 0.76 }
            return (
              <g
                key={hour.hour}
                data-active={index === pointedAt || undefined}
                className="chart-hour"
                onPointerEnter={() => setPointedAt(index)}
              >
                <rect x={x} y={plot.top} width={step} height={plot.bottom - plot.top} className="chart-space" />
                <rect
                  {...bar}
                  y={y(hour.allowed)}
                  height={plot.bottom - y(hour.allowed)}
                  rx={Math.min(2, step / 5)}
                  className="chart-allowed"
                />
                <rect
                  {...bar}
                  y={y(hour.allowed + hour.refused)}
                  height={y(hour.allowed) - y(hour.allowed + hour.refused)}
                  className="chart-refused"
                />
              </g>
            )
          })}
          {activity.map((hour, index) => {
            const text = labelOf(hour, index, activity.length)
            return text === undefined ? null : (
              <text key={hour.hour} x={plot.left + (index + 0.5) * step} y={height - 8} textAnchor="middle" className="chart-text">
                {text}
              </text>
            )
          })}
        </svg>
      </div>
      <figcaption className="row-apart small">
        <span className="row">
          <span className="legend legend-allowed">{`${(shown?.allowed ?? allowed).toLocaleString('en')} allowed`}</span>
          <span className="legend legend-refused">{`${(shown?.refused ?? refused).toLocaleString('en')} refused`}</span>
        </span>
        <span className="soft">
          {shown ? `${whole.format(Date.parse(shown.hour))}, one hour` : `in ${activity.length === 168 ? '7 days' : '24 hours'}`}
        </span>
      </figcaption>
      <Numbers activity={activity} what={what} />
    </figure>
  )
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

function Numbers({ activity, what }: ActivityChartProps) {
  return (
    <div className="unseen">
      <table>
        <caption>{what}, hours without any left out</caption>
        <thead>
          <tr>
            <th>Hour</th>
            <th>Allowed</th>
            <th>Refused</th>
          </tr>
        </thead>
        <tbody>
          {activity
            .filter(({ allowed, refused }) => allowed + refused > 0)
            .map(({ hour, allowed, refused }) => (
              <tr key={hour}>
                <td>{whole.format(Date.parse(hour))}</td>
                <td>{allowed}</td>
                <td>{refused}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}
