import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort, type Running, start } from './processes.ts'

const guide = join(import.meta.dirname, '..', 'docs', 'guide', 'nginx.conf')

/** nginx's version. Throws with the package's name where it is not installed. */
export function nginxVersion(): string {
  const { error, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  if (error !== undefined) throw new Error('nginx is not installed: `apt-get install nginx` on Debian and Ubuntu')
  return /nginx\/(\S+)/.exec(stderr)?.[1] ?? 'unknown'
}

/**
 * nginx with one worker and the guide's configuration, which asks about each request; but what it guards is a small file.
 * @param gate host and port of what it asks, at `/authorize`.
 */
export async function startNginx(folder: string, gate: string): Promise<Running> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'small.txt'), 'hello\n')
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((part) => `${part}_temp_path ${folder}/${part};`)
  const lines = ['daemon off;', `user ${userInfo().username};`, 'worker_processes 1;', `pid ${folder}/pid;`, 'error_log stderr warn;']
  lines.push('events {}', 'http {', 'access_log off;', 'keepalive_requests 100000000;', ...paths, site(folder, port, gate), '}')
  const path = join(folder, 'nginx.conf')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return start({ command: ['nginx', '-p', folder, '-c', path, '-e', 'stderr'], ready: `http://127.0.0.1:${port}/` })
}

function site(folder: string, port: number, gate: string): string {
  let text = readFileSync(guide, 'utf8')
  const replace = (found: string | RegExp, by: string) => {
    const replaced = text.replace(found, by)
    if (replaced === text) throw new Error(`docs/guide/nginx.conf has changed: there is no ${found}`)
    text = replaced
  }
  replace('listen 8080;', `listen 127.0.0.1:${port};`)
  replace(/proxy_pass http:\/\/127\.0\.0\.1:3000;\s+proxy_http_version 1\.1;/, `root ${folder};\n        try_files /small.txt =404;`)
  replace(/server\s+127\.0\.0\.1:7480;/, `server ${gate};`)
  return text
}
