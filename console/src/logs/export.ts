// What is exported is what the API answered, field by field; in CSV a field within a field has its path for a name.

type Entry = object

export function asJsonLines(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

/** RFC 4180, with a head line. Texts that a spreadsheet would take for a formula are kept from it by a leading apostrophe. */
export function asCsv(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => flat(entry))
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? '')).join(','))
  return [columns.map(cell).join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

/** Before and after of an audit entry are kept as JSON: their fields depend on the kind of thing. */
function flat(entry: Entry, prefix = ''): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(entry).map(([name, value]) => {
      const path = prefix + name
      const isNested = typeof value === 'object' && value !== null && path !== 'resource.request' && path !== 'resource.response'
      return isNested ? flat(value, `${path}.`) : { [path]: typeof value === 'object' ? JSON.stringify(value) : String(value) }
    }),
  )
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
