interface Progress {
  readonly step: 'copy' | 'verify'
  readonly table: string
  readonly rows: number
  readonly of: number
}

export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export type ProgressStyle = 'people' | 'programs'

const barWidth = 30
const verbs = { copy: 'copying', verify: 'verifying' }

/** Shows how a move goes on: on a terminal a bar for each table, elsewhere a line when one is done, for programs a JSON object for each step. */
export function createProgress(screen: Screen, style: ProgressStyle): (progress: Progress) => void {
  if (style === 'programs') return (progress) => screen.write(`${JSON.stringify({ event: 'progress', ...progress })}\n`)
  if (screen.isTTY) return (progress) => screen.write(`\r\u001b[K${bar(progress)}${isDone(progress) ? '\n' : ''}`)
  return (progress) => {
    if (isDone(progress)) screen.write(`${verbs[progress.step]} ${progress.table}: ${progress.of} rows\n`)
  }
}

const isDone = ({ rows, of }: Progress) => rows >= of

function bar({ step, table, rows, of }: Progress): string {
  const part = of === 0 ? 1 : Math.min(1, rows / of)
  const filled = Math.round(part * barWidth)
  const drawn = '#'.repeat(filled) + '.'.repeat(barWidth - filled)
  return `${verbs[step].padEnd(9)} ${table.padEnd(20)} [${drawn}] ${String(Math.floor(part * 100)).padStart(3)} %  ${rows} of ${of}`
}
