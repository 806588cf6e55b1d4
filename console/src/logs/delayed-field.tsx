import { type ComponentProps, useEffect, useState } from 'react'
import { TextField } from '../elements/field.tsx'

const typingMs = 300

/** A text that counts once nobody has typed for a moment: a log is not asked for each letter. */
export function DelayedField({ value, onChange, ...field }: ComponentProps<typeof TextField>) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => onChange(text.trim()), typingMs)
    return () => clearTimeout(timer)
  })
  return <TextField {...field} value={text} onChange={setText} />
}
