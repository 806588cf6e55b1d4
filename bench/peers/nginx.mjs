// nginx with auth_basic and a password file in apr1, the format that `htpasswd` makes unless told otherwise; made by openssl, as nginx's documentation
// names both. One worker, nothing else set. It reads the file anew for each request, from the top, and computes 1000 rounds of MD5.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { announce, credentials, folder, freePort, withPassword } from './announcement.mjs'
import { newSecrets } from './secrets.mjs'

const port = await freePort()
const passwords = newSecrets(credentials)
const input = { input: passwords.join('\n'), encoding: /** @type {const} */ ('utf8') }
const hashes = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], input).trim().split('\n')
writeFileSync(join(folder, 'passwords'), hashes.map((hash, number) => `machine-${number}:${hash}\n`).join(''))

const file = join(folder, 'nginx.conf')
// A worker of root's would run as somebody who may not read the folder.
const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : ''
writeFileSync(
  file,
  `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port};
    location / {
      auth_basic machines;
      auth_basic_user_file ${folder}/passwords;
      # The smallest answer that comes after the check: \`return\` would come before it.
      empty_gif;
    }
  }
}
`,
)
announce({
  port,
  requests: passwords.map((password, number) => withPassword(`machine-${number}`, password)),
  admitted: { status: 200 },
  refused: { request: withPassword('machine-0', newSecrets(1)[0]), status: 401 },
  program: { command: ['nginx', '-e', 'stderr', '-c', file] },
})
