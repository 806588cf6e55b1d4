import type { Command } from 'commander'
import pino from 'pino'
import manifest from '../../package.json' with { type: 'json' }
import { isWorker, runWorker } from '../app/worker.ts'
import { startApp } from '../app.ts'
import { loadConfig } from '../config/load.ts'
import { environmentName, flagName, type Setting } from '../config/setting.ts'
import { type Config, settings } from '../config/settings.ts'
import { welcome } from './welcome.ts'

/** `postern serve`: runs the API and the gate until a signal asks to stop. */
export function addServe(program: Command): void {
  const serve = program.command('serve', { isDefault: true }).description('run the API and the gate')
  serve.option('--config <path>', 'settings file: a JSON object with the settings in snake case (env POSTERN_CONFIG)')
  for (const [key, { meaning, secret, default: byDefault }] of Object.entries<Setting<unknown>>(settings)) {
    if (secret) continue
    const suffix = `(env ${environmentName(key)}${byDefault === undefined ? '' : `, default ${byDefault}`})`
    serve.option(`${flagName(key)} <value>`, `${meaning.replaceAll('`', '')} ${suffix}`)
  }
  serve.action(async (flags: Readonly<Record<string, string>>) => run(loadConfig({ flags, environment: process.env })))
}

/** Lines are written together, once a second or 4 KiB of them. A reader that is slower than the requests loses lines, and never holds one up. */
const accessLogBuffer = { minLength: 4096, periodicFlush: 1000, maxLength: 4 * 1024 * 1024 }

/** So that lines of several processes do not mix: what a pipe takes in one piece (pipe(7), `PIPE_BUF`). */
const sharedAccessLogBuffer = { ...accessLogBuffer, minLength: 4095, maxWrite: 4096 }

async function run(config: Config): Promise<void> {
  // Standard output is for people; the log has the other stream to itself.
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
  if (isWorker()) return work(config, log)
  // From the beginning: a signal that comes during the first start must not lose the credentials that it makes.
  const stopRequested = firstSignal(log)
  const lines = accessLines(accessLogBuffer)
  const app = await startApp({ config, log, accessLog: pino({ base: null }, lines) })
  show(welcome(manifest.version, { ...app, role: config.role }, process.env))
  log.info({ api: app.apiUrl, gate: app.gateUrl || undefined, ext_authz: app.extAuthzAddress, version: manifest.version }, 'ready')
  log.info({ signal: await stopRequested }, 'stopping: requests under way may finish')
  await app.stop()
  lines.flushSync()
  log.info({}, 'stopped')
  process.exit(0)
}

/** One of several gates. The terminal, and whoever stops a group of processes, sends signals to all; when to stop is for the first of them to say. */
async function work(config: Config, log: pino.Logger): Promise<void> {
  process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined)
  const lines = accessLines(sharedAccessLogBuffer)
  await runWorker({ config, log, accessLog: pino({ base: null }, lines) })
  lines.flushSync()
  process.exit(0)
}

function accessLines(buffer: object) {
  const lines = pino.destination({ dest: 1, sync: false, ...buffer })
  // Who stops reading loses the lines.
  lines.on('error', () => undefined)
  return lines
}

/** Writes to standard output, or to the other stream when nobody reads that one. */
function show(text: string): void {
  process.stdout.once('error', () => process.stderr.write(text))
  process.stdout.write(text)
}

/** Resolves with the first signal to stop; a later one ends the process at once. */
function firstSignal(log: pino.Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      first ??= performance.now()
      resolve(signal)
      // Ctrl-C under `npm start` arrives twice: from the terminal, and from npm, which passes it on.
      if (performance.now() - first < 500) return
      log.warn({}, 'another signal: stopped before everything was finished')
      process.exit(1)
    }
    // The handlers stay: without one, a signal would end the process on the spot.
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  })
}
