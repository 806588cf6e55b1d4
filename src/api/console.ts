import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Failure } from '../authority/failure.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
  '.woff2': 'font/woff2',
}

// Nothing from anywhere else, nothing inline, in nobody's frame.
const policy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ')

const protection = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Where pages of the console are; what comes behind is for its own router. */
const pages = ['/', '/accounts/*', '/zones/*']

/** One file in the folder of the build. */
interface Served {
  readonly path: string
  readonly type: string
  /** It is there compressed too, under its name with `.gz`. */
  readonly isText: boolean
}

/**
 * Serves the console from the folder where its build is. Without one, as in a checkout that runs from its sources, there is no console. Files are found by the
 * names that were there at the start: nothing is looked up by what a client sends.
 */
export function registerConsole(server: FastifyInstance, folder: string): void {
  if (!existsSync(join(folder, 'index.html'))) return
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const served = (name: string): Served => ({
    path: join(folder, name),
    type: types[extname(name)] ?? '',
    isText: names.includes(`${name}.gz`),
  })
  for (const name of names.filter((one) => types[extname(one)] !== undefined)) {
    // The build names its assets by their content, so they never change.
    const age = name.startsWith('assets') ? 'public, max-age=31536000, immutable' : 'no-cache'
    if (name !== 'index.html') server.get(`/${name}`, (request, reply) => show(served(name), age, request, reply))
  }
  for (const page of pages) {
    server.get(page, (request, reply) => {
      // A client of the API that was given a wrong base URL must not take a page for an answer.
      if (page !== '/' && request.headers.accept?.includes('text/html') !== true) throw new Failure('no_route')
      return show(served('index.html'), 'no-cache', request, reply)
    })
  }
}

async function show({ path, type, isText }: Served, age: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const isCompressed = isText && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = await readFile(isCompressed ? `${path}.gz` : path)
  reply.headers({ ...protection, 'cache-control': age, vary: 'accept-encoding', ...(isCompressed && { 'content-encoding': 'gzip' }) })
  return reply.type(type).send(body)
}
