import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openApiDocument } from './openapi.ts'

const require = createRequire(import.meta.url)

/** Reads a file of the package when it is asked for, so that nobody pays for the reference who does not look at it. */
type Content = () => string | Promise<Buffer>

interface Page {
  readonly type: string
  readonly content: Content
}

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Postern API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/reference.js"></script>
  </body>
</html>
`

// Without a validator's badge, which would send the document to another host.
const script = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
})
`

/** All that there is. Nothing is looked up by the name that a client sends. */
const pages: Readonly<Record<string, Page>> = {
  '/openapi.json': { type: 'application/json', content: once(() => JSON.stringify(openApiDocument())) },
  '/docs': { type: 'text/html; charset=utf-8', content: () => html },
  '/docs/': { type: 'text/html; charset=utf-8', content: () => html },
  '/docs/reference.js': { type: 'text/javascript; charset=utf-8', content: () => script },
  '/docs/swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', content: packaged('swagger-ui-bundle.js') },
  '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', content: packaged('swagger-ui.css') },
  '/docs/favicon-32x32.png': { type: 'image/png', content: packaged('favicon-32x32.png') },
}

const policy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ')

/** `/openapi.json`: the document of the API. `/docs`: the same to read and to try out. Both are open to everybody, and ask nothing of any other host. */
export function registerReference(server: FastifyInstance): void {
  for (const [path, page] of Object.entries(pages)) server.get(path, (request, reply) => show(page, request, reply))
}

async function show({ type, content }: Page, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = await content()
  const tag = `"${createHash('sha256').update(body).digest('base64url')}"`
  reply.headers({
    ...{ 'cache-control': 'no-cache', etag: tag, 'content-security-policy': policy },
    ...{ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
  })
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.type(type).send(body)
}

function packaged(name: string): Content {
  return () => readFile(join(dirname(require.resolve('swagger-ui-dist/package.json')), name))
}

function once(make: () => string): () => string {
  let made: string | undefined
  return () => {
    made ??= make()
    return made
  }
}
