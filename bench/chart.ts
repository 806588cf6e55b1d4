import type { Axis, Chart, Series } from './bench.ts'

// A chart as an SVG file that can be read on light and dark pages.

const width = 720
const height = 400
const plot = { left: 76, right: 24, top: 56, bottom: 60 }
const [right, bottom] = [width - plot.right, height - plot.bottom]
/** Told apart by those who see no red or green, too, and by the form of their points. */
const colours = ['#0b6fb8', '#c2570c', '#2a8a5f', '#8b5fbf', '#a8324a', '#6b7280']

interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

export function chartSvg({ title, x, y, series }: Chart): string {
  const points = series.flatMap((one) => one.points)
  if (points.length === 0) throw new Error(`nothing to draw in “${title}”`)
  const across = scale(
    x,
    points.map((point) => point.x),
    plot.left,
    right,
  )
  const upwards = scale(
    y,
    points.map((point) => point.y),
    bottom,
    plot.top,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    style,
    `<rect class="page" width="${width}" height="${height}"/>`,
    text(plot.left, 24, title, 'title'),
    ...axis(upwards, (at, label) => [line(plot.left, at, right, at, 'grid'), text(plot.left - 8, at + 4, label, 'end')]),
    ...axis(across, (at, label) => [line(at, bottom, at, bottom + 5, 'axis'), text(at, bottom + 20, label, 'middle')]),
    line(plot.left, bottom, right, bottom, 'axis'),
    text((plot.left + right) / 2, height - 14, x.label, 'middle'),
    `<text class="middle" transform="translate(18 ${(plot.top + bottom) / 2}) rotate(-90)">${escaped(y.label)}</text>`,
    ...series.flatMap((one, number) => curve(one, number, across, upwards)),
    ...(series.length > 1 ? legend(series) : []),
    '</svg>',
    '',
  ].join('\n')
}

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2937 } .title { font-weight: 600; font-size: 16px } .end { text-anchor: end } .middle { text-anchor: middle }
.page { fill: #ffffff } .grid { stroke: #e2e5ea } .axis { stroke: #6b7280 } .curve { fill: none; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) { text { fill: #e5e7eb } .page { fill: #14171c } .grid { stroke: #2c323b } .axis { stroke: #9ca3af } .drawn { filter: brightness(1.5) } }
</style>`

function axis({ ticks, at }: Scale, draw: (at: number, label: string) => readonly string[]): readonly string[] {
  return ticks.flatMap((value) => draw(at(value), short(value)))
}

function curve({ points }: Series, number: number, across: Scale, upwards: Scale): readonly string[] {
  const colour = colours[number % colours.length] ?? ''
  const places = points.map(({ x, y }) => [across.at(x), upwards.at(y)] as const)
  const path = places.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')
  const marks = places.map(([x, y]) => mark(x, y, number, colour))
  return [`<polyline class="curve drawn" stroke="${colour}" points="${path}"/>`, ...marks]
}

function mark(x: number, y: number, number: number, colour: string): string {
  const [left, top] = [round(x - 4), round(y - 4)]
  if (number % 3 === 0) return `<circle class="drawn" cx="${round(x)}" cy="${round(y)}" r="4.5" fill="${colour}"/>`
  const turned = number % 3 === 1 ? '' : ` transform="rotate(45 ${round(x)} ${round(y)})"`
  return `<rect class="drawn" x="${left}" y="${top}" width="8" height="8" fill="${colour}"${turned}/>`
}

function legend(series: readonly Series[]): readonly string[] {
  let x = plot.left
  return series.flatMap(({ name }, number) => {
    const at = x
    x += 36 + name.length * 7
    return [mark(at + 5, 42, number, colours[number % colours.length] ?? ''), text(at + 16, 46, name, '')]
  })
}

function scale({ log = false }: Axis, values: readonly number[], from: number, to: number): Scale {
  return log ? logScale(values, from, to) : linearScale(values, from, to)
}

/** From the power of ten below the least value to the one above the greatest. */
function logScale(values: readonly number[], from: number, to: number): Scale {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
  return { ticks, at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from) }
}

/** From zero, so that heights can be compared. */
function linearScale(values: readonly number[], from: number, to: number): Scale {
  const most = Math.max(...values, Number.MIN_VALUE)
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => most / one <= 6) ?? 10 * power
  const count = Math.ceil(most / step)
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step)
  return { ticks, at: (value) => from + (value / (count * step)) * (to - from) }
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`
  return Number(value.toPrecision(3)).toLocaleString('en')
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escaped(words)}</text>`
}

const round = (value: number) => Math.round(value * 10) / 10

const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
