import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

// Every script named check:… in package.json is a check; nothing else has to be told about a new one.
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
const names = Object.keys(scripts).filter((name) => name.startsWith('check:'))

interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
  readonly output: string
}

function run(name: string): Promise<Outcome> {
  const startedAt = performance.now()
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ name, passed: code === 0, seconds: (performance.now() - startedAt) / 1000, output }))
  })
}

const outcomes = await Promise.all(names.map(run))
for (const { name, output } of outcomes.filter(({ passed }) => !passed)) console.log(`── ${name}\n${output.trimEnd()}\n`)
for (const { name, passed, seconds } of outcomes) console.log(`${passed ? 'pass' : 'FAIL'}  ${seconds.toFixed(1).padStart(5)} s  ${name}`)

if (outcomes.length === 0) console.error('no checks found in package.json')
if (outcomes.length === 0 || outcomes.some(({ passed }) => !passed)) process.exit(1)
