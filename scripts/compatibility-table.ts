// Writes the table of what the exchanges in contract/ cover into README.md; with --check it only tells whether the table is as it would be written.
import { readFileSync, writeFileSync } from 'node:fs'
import { resources } from '../src/api/routes.ts'
import { type Exchange, readExchanges } from '../test/contract/format.ts'
import { asked } from '../test/contract/operations.ts'

const path = 'README.md'
const begin = '<!-- compatibility: written by `npm run docs` from contract/; changes here are lost -->'
const end = '<!-- /compatibility -->'

/** Folders of exchanges that are about all operations alike. */
const everywhere: Readonly<Record<string, string>> = {
  errors: 'paths, methods, bodies, limits',
  credentials: 'signing in, and what a token may do',
  retries: '`Idempotency-Key`',
  preconditions: '`ETag` and `If-Match`',
}
const marks: Readonly<Record<string, string>> = {
  D: 'documented',
  C: 'clients',
  M: 'measured',
  I: 'inferred',
  '': 'reported',
  Postern: 'ours',
}
const columns = ['accounts', 'zones', 'user'] as const

interface Row {
  readonly subject: string
  readonly operation: string
  /** Of `columns`. */
  readonly scopes: Set<string>
  readonly exchanges: Set<Exchange>
}

const exchanges = readExchanges()
const all = asked(exchanges)
const folderOf = ({ file }: Exchange) => file.split('/')[0] ?? ''
const scopeOf = (route: string) => route.split('/')[1] ?? ''

/** The same operation in several scopes is one row. */
function rowsOf(subject: string): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const route of resources[subject] ?? []) {
    const inScope = route.path.replace(/^\/(?:accounts\/:account_id|zones\/:zone_id|user)(?=\/)/, '…').replace(/:(\w+)/g, '{$1}')
    const operation = `\`${route.method} ${inScope}\``
    const row = rows.get(operation) ?? { subject, operation, scopes: new Set(), exchanges: new Set() }
    rows.set(operation, row)
    const found = all.filter((one) => one.route === route && everywhere[folderOf(one.exchange)] === undefined)
    for (const { exchange } of found) row.exchanges.add(exchange)
    if (found.some(({ exchange }) => exchange.failure === undefined)) row.scopes.add(scopeOf(route.path))
  }
  return [...rows.values()]
}

function rowOfFolder(folder: string): Row {
  const found = all.filter(({ exchange }) => folderOf(exchange) === folder)
  const scopes = new Set(found.map(({ route }) => scopeOf(route.path)))
  return {
    ...{ subject: 'Every operation', operation: everywhere[folder] ?? folder, scopes },
    exchanges: new Set(exchanges.filter((exchange) => folderOf(exchange) === folder)),
  }
}

function knownFrom(row: Row): string {
  const answers = [...row.exchanges].filter(({ failure }) => failure === undefined)
  const given = answers.flatMap(({ source }) => {
    const [first = '', ...named] = source.split(/,? /)
    return named.length > 0 ? named : [first === 'Postern' ? 'Postern' : '']
  })
  return Object.entries(marks)
    .flatMap(([mark, meaning]) => (given.includes(mark) ? [meaning] : []))
    .join(', ')
}

function lineOf(row: Row, isFirst: boolean): string {
  const refusals = [...row.exchanges].filter(({ failure }) => failure !== undefined).length
  const cells = [
    ...[isFirst ? `**${row.subject}**` : '', row.operation],
    ...columns.map((scope) => (row.scopes.has(scope) ? '✓' : '')),
    ...[row.exchanges.size - refusals, refusals, knownFrom(row)],
  ]
  return `| ${cells.join(' | ')} |`
}

const rows = [...Object.keys(resources).flatMap(rowsOf), ...Object.keys(everywhere).map(rowOfFolder)]
const runs = exchanges.reduce((sum, { scopes = [''] }) => sum + scopes.length, 0)
const table = [
  begin,
  '| | operation | accounts | zones | user | answers | refusals | known from |',
  '|---|---|---|---|---|---|---|---|',
  ...rows.map((row, index) => lineOf(row, row.subject !== rows[index - 1]?.subject)),
  '',
  `Each of the ${exchanges.length} exchanges in [contract/](contract/) is replayed on SQLite and on PostgreSQL, ${runs} runs on each, and its whole answer compared.`,
  'The answers are known from the original’s *documentation*; from what official *clients* send and read; *measured* by others; *inferred*;',
  '*reported* without a source that could be named; or they are *ours*, where the original is silent.',
  end,
].join('\n')

const page = readFileSync(path, 'utf8')
const [from, to] = [page.indexOf(begin), page.indexOf(end)]
if (from === -1 || to < from) throw new Error(`${path} has no ${begin} … ${end}`)
const wanted = page.slice(0, from) + table + page.slice(to + end.length)

if (process.argv.includes('--check')) {
  const current = wanted === page
  console.log(current ? `the table in ${path} is current` : `the table in ${path} is out of date: run npm run docs`)
  process.exitCode = current ? 0 : 1
} else {
  writeFileSync(path, wanted)
}
