import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../fixtures.ts'
import { freePort } from '../store/postgres-server.ts'

export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).error === undefined

/** PgBouncer in transaction mode, in which nobody can listen, before the PostgreSQL of a URL. */
export async function startPooler(postgresUrl: string): Promise<{ readonly url: string; stop(): void }> {
  const [url, port, folder] = [new URL(postgresUrl), await freePort(), temporaryFolder()]
  const database = url.pathname.slice(1)
  const lines = [
    ...['[databases]', `${database} = host=127.0.0.1 port=${url.port} user=postgres password=postgres`, '[pgbouncer]'],
    ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = any', 'pool_mode = transaction'],
    'default_pool_size = 4',
  ]
  chmodSync(folder.path, 0o755)
  const file = join(folder.path, 'pgbouncer.ini')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const asRoot = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
  const child = spawn('pgbouncer', [...asRoot, file], { stdio: 'ignore' })
  await untilOpen(port)
  url.port = String(port)
  return {
    url: url.href,
    stop() {
      child.kill('SIGKILL')
      folder.remove()
    },
  }
}

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([once(socket, 'connect').then(() => true), sleep(1000).then(() => false)]).catch(() => false)
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error(`pgbouncer does not listen on port ${port}`)
}
