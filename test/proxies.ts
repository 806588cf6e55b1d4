import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from './fixtures.ts'

// The proxies of the guides, with the guides' own configurations: only addresses and paths are replaced.

export interface RunningProxy {
  readonly url: string
  /** Its standard error so far. */
  log(): string
  stop(): Promise<void>
}

/** Where a proxy asks, and where it passes requests on; both as URLs. */
export interface Behind {
  readonly gate: string
  readonly origin: string
  /** Makes something of the guide's files that they should not be. */
  readonly breaking?: (text: string) => string
}

export type ProxyName = 'nginx' | 'caddy' | 'haproxy'

const guides = join(import.meta.dirname, '..', 'docs', 'guide')

/** Whether the program is there; in CI it has to be. */
export function isInstalled(name: ProxyName): boolean {
  return process.env['CI'] === 'true' || spawnSync(name, [name === 'caddy' ? 'version' : '-v']).error === undefined
}

/** Starts a proxy with its guide's configuration, and waits until it answers. */
export function startProxy(name: ProxyName, behind: Behind): Promise<RunningProxy> {
  return { nginx: startNginx, caddy: startCaddy, haproxy: startHaproxy }[name](behind)
}

/** nginx in front of the gate as a reverse proxy. */
export function startNginxBefore(gate: string): Promise<RunningProxy> {
  return startNginx({ gate, origin: gate }, 'nginx-before-gate.conf')
}

function startNginx(behind: Behind, file = 'nginx.conf'): Promise<RunningProxy> {
  return start('nginx', (folder, port) => {
    write(folder, 'postern.conf', configuration(file, behind, port))
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((part) => `${part}_temp_path ${folder}/${part};`)
    const lines = ['daemon off;', 'worker_processes 1;', `pid ${folder}/pid;`, 'error_log stderr warn;', 'events {}', 'http {']
    const main = write(folder, 'nginx.conf', [...lines, 'access_log off;', ...paths, `include ${folder}/postern.conf;`, '}', ''].join('\n'))
    return ['-p', folder, '-c', main, '-e', 'stderr']
  })
}

function startCaddy(behind: Behind): Promise<RunningProxy> {
  return start('caddy', (folder, port) => {
    const text = `{\n\tadmin off\n\tauto_https off\n}\n${configuration('Caddyfile', behind, port)}`
    return ['run', '--config', write(folder, 'Caddyfile', text), '--adapter', 'caddyfile']
  })
}

function startHaproxy(behind: Behind): Promise<RunningProxy> {
  return start('haproxy', (folder, port) => {
    const script = write(folder, 'postern.lua', configuration('haproxy.lua', behind, port))
    const text = configuration('haproxy.cfg', behind, port).replace('/etc/haproxy/postern.lua', script)
    return ['-db', '-f', write(folder, 'haproxy.cfg', text)]
  })
}

/** The guide's configuration, at other addresses. */
function configuration(file: string, { gate, origin, breaking = (text) => text }: Behind, port: number): string {
  return breaking(readFileSync(join(guides, file), 'utf8'))
    .replaceAll('127.0.0.1:7480', new URL(gate).host)
    .replaceAll('127.0.0.1:3000', new URL(origin).host)
    .replace(/^(\s*listen )8080;/m, `$1127.0.0.1:${port};`)
    .replace('http://:8080', `http://:${port}`)
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function start(program: ProxyName, argumentsFor: (folder: string, port: number) => readonly string[]): Promise<RunningProxy> {
  const folder = temporaryFolder()
  mkdirSync(join(folder.path, 'home'))
  const port = await freePort()
  const child = spawn(program, argumentsFor(folder.path, port), {
    env: { ...process.env, HOME: join(folder.path, 'home'), XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  const url = `http://127.0.0.1:${port}`
  await untilItAnswers(url, child, () => log)
  return {
    ...{ url, log: () => log },
    async stop() {
      await end(child)
      folder.remove()
    },
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('close', () => resolve())
    // All three stop at once on it.
    child.kill('SIGTERM')
  })
}

async function untilItAnswers(url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${log()}`)
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    if (performance.now() > deadline) throw new Error(`it did not answer:\n${log()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
