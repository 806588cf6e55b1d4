// Caddy with basic_auth in a Caddyfile, and hashes as `caddy hash-password` makes them (bcrypt, cost 14). From a Caddyfile it remembers in memory which
// passwords it has seen: the first request of each takes a second, the others a look-up. Its administration endpoint is off, so that it needs no fixed port.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { announce, credentials, folder, freePort, withPassword } from './announcement.mjs'
import { newSecrets } from './secrets.mjs'

const port = await freePort()
const passwords = newSecrets(credentials)
const hash = async (/** @type {string} */ password) => {
  const { stdout } = await promisify(execFile)('caddy', ['hash-password', '--plaintext', password])
  return stdout.trim()
}
const hashes = await Promise.all(passwords.map(hash))
const file = join(folder, 'Caddyfile')
writeFileSync(
  file,
  `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  basicauth {
${hashes.map((hash, number) => `    machine-${number} ${hash}`).join('\n')}
  }
  respond 200
}
`,
)
announce({
  port,
  requests: passwords.map((password, number) => withPassword(`machine-${number}`, password)),
  admitted: { status: 200 },
  refused: { request: withPassword('machine-0', newSecrets(1)[0]), status: 401 },
  program: {
    command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
    environment: { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  },
})
