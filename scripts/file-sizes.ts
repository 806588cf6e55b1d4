import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const GROWING = 150
const LIMIT = 250
const LARGEST_SHOWN = 5

interface SizedFile {
  readonly path: string
  readonly lines: number
}

function sizedFiles(folder: string): readonly SizedFile[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|tsx|mjs|css)$/.test(file))
    .map((file) => join(folder, file))
    .map((path) => ({ path, lines: readFileSync(path, 'utf8').trimEnd().split('\n').length }))
}

const files = ['src', 'scripts', 'console/src'].flatMap(sizedFiles).toSorted((a, b) => b.lines - a.lines)
const isTest = ({ path }: SizedFile) => /\.test\.tsx?$/.test(path)
const tooLong = files.filter((file) => file.lines > LIMIT && !isTest(file))
const growing = files.filter((file) => file.lines > GROWING && !tooLong.includes(file))
const calm = files.filter((file) => file.lines <= GROWING).slice(0, LARGEST_SHOWN)

const print = (note: string, { path, lines }: SizedFile) => console.log(`${String(lines).padStart(5)}  ${path}${note}`)
for (const file of tooLong) print(`  too long: a file over ${LIMIT} lines is a room to divide`, file)
for (const file of growing) print('  growing', file)
for (const file of calm) print('', file)
console.log(`${files.length} files, ${files.reduce((sum, { lines }) => sum + lines, 0)} lines`)

if (files.length === 0) console.error('no files found: run it at the root of the repository')
if (tooLong.length > 0 || files.length === 0) process.exit(1)
