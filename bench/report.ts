import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import TerminalTable from 'cli-table3'
import type { Bench, Outcome, Table, Target } from './bench.ts'
import { chartSvg } from './chart.ts'
import { type Machine, machineLines } from './machine.ts'

/** A bench that has come to its end. */
export interface Finished {
  readonly bench: Pick<Bench, 'name' | 'title'>
  readonly outcome: Outcome
  readonly seconds: number
}

export interface Run {
  readonly machine: Machine
  /** How the whole was run. */
  readonly command: string
  readonly seconds: number
  readonly finished: readonly Finished[]
  /** Benches in which something broke: they have no figures. */
  readonly broken: readonly string[]
}

/** Shows tables and targets on the terminal. */
export function show({ outcome }: Finished): void {
  for (const { title, columns, rows, note } of outcome.tables) {
    const table = new TerminalTable({
      head: [title, ...columns],
      style: { head: [], border: [] },
      colAligns: ['left', ...columns.map(() => 'right' as const)],
    })
    for (const { name, values } of rows) table.push([name, ...columns.map((column) => inWords(values[column]))])
    console.log(table.toString())
    if (note !== undefined) console.log(`${note}\n`)
  }
}

export function showTargets(run: Run): void {
  for (const line of targetsOf(run).map(targetLine)) console.log(line)
}

/** Writes latest.json, a chart per file, and README.md with all of it. */
export function writeResults(folder: string, run: Run): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(run, undefined, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), markdown(run))
  for (const { outcome } of run.finished) {
    for (const chart of outcome.charts ?? []) writeFileSync(join(folder, `${chart.file}.svg`), chartSvg(chart))
  }
}

const commandOf = ({ bench, outcome }: Finished) => outcome.command ?? `npm run bench -- --only=${bench.name}`

const targetsOf = ({ finished }: Run) => finished.flatMap(({ outcome }) => outcome.targets)

const targetLine = ({ name, wanted, measured, met }: Target) =>
  `${met ? '✓ met    ' : '✗ not met'}  ${name}: ${inWords(measured)} (${wanted})`

function markdown(run: Run): string {
  const { machine, command, seconds, finished, broken } = run
  const without = broken.length === 0 ? [] : [`Broken in this run, and so without figures: ${broken.join(', ')}.`]
  const targets = targetsOf(run).map(
    ({ name, wanted, measured, met }) => `| ${name} | ${wanted} | ${inWords(measured)} | ${met ? 'met' : '**not met**'} |`,
  )
  return [
    '# Benchmarks',
    `Written by \`${command}\` in ${Math.round(seconds)} seconds; changes here are lost. The figures are in [latest.json](latest.json).`,
    machineLines(machine)
      .map((line) => `- ${line}`)
      .join('\n'),
    'Machines differ, and are noisy: read ratios, and CPU time per request rather than requests per second. “Relative” is to the first row by requests, “by CPU” by time on the processor for one. Every server has one core for itself, and who asks it another one. What is compared is measured in turns; figures are medians of the rounds, ratios medians of the ratios within a round.',
    '## Targets',
    ['| target | wanted | measured | |', '|---|---|---|---|', ...targets].join('\n'),
    ...without,
    ...finished.flatMap((one) => [`## ${one.bench.title}`, `\`${commandOf(one)}\``, ...sections(one)]),
    '',
  ].join('\n\n')
}

function sections({ outcome }: Finished): readonly string[] {
  const tables = outcome.tables.flatMap((table) => [
    `**${table.title}**`,
    markdownTable(table),
    ...(table.note === undefined ? [] : [table.note]),
  ])
  return [...tables, ...(outcome.charts ?? []).map(({ file, title }) => `![${title}](${file}.svg)`)]
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const lines = rows.map(({ name, values }) => line([name, ...columns.map((column) => inWords(values[column]))]))
  return [line(['', ...columns]), `|---|${columns.map(() => '---:|').join('')}`, ...lines].join('\n')
}

/** Three digits that count, and thousands apart. */
function inWords(value: number | string | null | undefined): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return '–'
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
