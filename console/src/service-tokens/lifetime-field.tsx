import { useState } from 'react'
import { Choices, SelectField, TextField } from '../elements/field.tsx'
import { dayOf, exactly } from '../elements/instants.ts'
import { useNow } from '../elements/moment.tsx'
import { endOf, lifetimeMs } from './lifetime.ts'

const presets = [
  ...([['720h', '30 days'] as const, ['2160h', '90 days'] as const, ['8760h', '1 year'] as const] as const),
  ...([['43800h', '5 years'] as const, ['forever', 'No end'] as const, ['custom', 'Other'] as const] as const),
] as const
type Preset = (typeof presets)[number][0]

const hoursIn = { hours: 1, days: 24, weeks: 168, years: 8760 } as const
type Unit = keyof typeof hoursIn

interface LifetimeFieldProps {
  readonly value: string
  readonly onChange: (duration: string) => void
}

/** How long a token lives; the date that comes of it is said at once. */
export function LifetimeField({ value, onChange }: LifetimeFieldProps) {
  const now = useNow()
  const [preset, setPreset] = useState<Preset>(() => presets.find(([duration]) => duration === value)?.[0] ?? 'custom')
  const [count, setCount] = useState(() => String(Math.max(1, Math.round((lifetimeMs(value) ?? 86_400_000) / 86_400_000) || 1)))
  const [unit, setUnit] = useState<Unit>('days')
  const choose = (chosen: Preset) => {
    setPreset(chosen)
    onChange(chosen === 'custom' ? hours(count, unit) : chosen)
  }
  return (
    <div className="stack-tight">
      <Choices label="Lifetime" value={preset} options={presets} onChange={choose} />
      {preset === 'custom' && (
        <div className="filters">
          <TextField
            label="Length"
            inputMode="numeric"
            value={count}
            error={hours(count, unit) === '' ? 'A whole number above zero, and no more than 290 years' : undefined}
            onChange={(text) => {
              setCount(text)
              onChange(hours(text, unit))
            }}
          />
          <SelectField
            label="Unit"
            value={unit}
            options={[
              ['hours', 'hours'],
              ['days', 'days'],
              ['weeks', 'weeks'],
              ['years', 'years of 365 days'],
            ]}
            onChange={(chosen) => {
              setUnit(chosen)
              onChange(hours(count, chosen))
            }}
          />
        </div>
      )}
      <p className="field-hint" role="status">
        {ending(value, now)}
      </p>
    </div>
  )
}

/** As the API writes it; empty for what is no length. */
function hours(count: string, unit: Unit): string {
  const length = /^\d{1,7}$/.test(count.trim()) ? Number(count) * hoursIn[unit] : 0
  return length > 0 && length <= 290 * 8760 ? `${length}h` : ''
}

function ending(duration: string, now: number): string {
  const end = duration === '' ? undefined : endOf(duration, now)
  if (end === undefined) return ''
  if (end === Number.POSITIVE_INFINITY) return 'It never expires. Rotate its secret from time to time.'
  return end - now < 48 * 3_600_000 ? `It expires at ${exactly(end)}.` : `It expires on ${dayOf(end)}.`
}
