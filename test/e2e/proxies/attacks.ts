// Attempts to get at what a token is wanted for, without one. `open.example` is for everybody, `open.example/admin` and all of `closed.example` are not.
import { clientIdOf } from '../../gate-fixtures.ts'

export interface Attack {
  readonly name: string
  /** The connection's bytes, one for each character. */
  readonly bytes: string
}

const clientId = clientIdOf('token')
const end = 'Connection: close\r\n\r\n'

function request(line: string, ...headers: readonly string[]): string {
  return `${[line, ...headers].join('\r\n')}\r\n${end}`
}

function get(path: string, ...headers: readonly string[]): string {
  return request(`GET ${path} HTTP/1.1`, 'Host: open.example', ...headers)
}

/** Everything that somebody somewhere has taken for `/admin`. */
const paths = [
  ...[
    '/admin',
    '/admin/',
    '/admin?',
    '/admin?x',
    '/admin/users',
    '/admin#',
    '/admin#x',
    '/admin;',
    '/admin;x=1',
    '/admin;/x',
    '/admin%00',
    '/admin%00.css',
  ],
  ...[
    '/ADMIN',
    '/Admin/',
    '/aDmIn/users',
    '/%61dmin',
    '/%61%64%6d%69%6e',
    '/%41dmin',
    '/%2561dmin',
    '/%252561dmin',
    '/admin%20',
    '/admin%09',
    '/admin.',
  ],
  ...[
    '/admin%2e',
    '/admin..',
    '/admin%2f',
    '/admin%2fusers',
    '/admin%5cusers',
    '/admin%3f',
    '/admin%23',
    '/admin%3bx',
    '/admin%0a',
    '/admin%0d%0a',
    '/admin+',
  ],
  ...[
    '//admin',
    '///admin//',
    '/./admin',
    '/%2e/admin',
    '/.//admin',
    '/x/../admin',
    '/x/..//admin',
    '/x/%2e%2e/admin',
    '/x/%2e./admin',
    '/x/.%2e/admin',
  ],
  ...[
    '/x/..;/admin',
    '/x/..;a=b/admin',
    '/..;/admin',
    '/;/admin',
    '/;x/admin',
    '/x;/../admin',
    '/../admin',
    '/../../admin',
    '/x/y/../../admin',
    '/%2e%2e/admin',
  ],
  ...[
    '/x/%252e%252e/admin',
    '/x/..%2fadmin',
    '/x/..%5cadmin',
    '/x/..%252fadmin',
    '/x%2f..%2fadmin',
    '/%2fadmin',
    '/%2f%2fadmin',
    '/%5cadmin',
    '/\\admin',
  ],
  ...[
    '/x\\..\\admin',
    '/x/..\\admin',
    '\\admin',
    '/.\\admin',
    '/%c0%afadmin',
    '/x/%c0%ae%c0%ae/admin',
    '/x/..%c0%afadmin',
    '/%e0%80%afadmin',
    '/%u0061dmin',
  ],
  ...[
    '/x/..%u2215admin',
    '/%ef%bd%81dmin',
    '/%ef%bd%81%ef%bd%84%ef%bd%8d%ef%bd%89%ef%bd%8e',
    '/ad%e2%84%b3in',
    '/x/%ef%bc%8e%ef%bc%8e/admin',
  ],
  ...[
    '/%ef%bc%8fadmin',
    '/x/..%ef%bc%8fadmin',
    '/x/%e2%80%a5/admin',
    '/%01admin',
    '/%20admin',
    '/ad%00min',
    '/ad%0amin',
    '/ad%ad%6din',
    '/admin%c2%a0',
    '/%e3%80%80admin',
    '/%20/admin',
    '/ad%c2%admin',
    '/a%e2%80%8bdmin',
    '/%e2%80%8b/admin',
    '/adm%c4%b1n',
    '/%c3%a1dmin',
    '/a%cc%81dmin',
    '/ad%e2%80%aemin',
    '/admin~/../admin',
  ],
  ...[
    '/cdn-cgi/access/../../admin',
    '/cdn-cgi/access/%2e%2e/%2e%2e/admin',
    '/authorize/../admin',
    '/authorize/admin',
    '/authorize?/admin',
    '/authorize%2f..%2fadmin',
  ],
  ...[
    '/_postern/../admin',
    '/_postern',
    '/xadmin/../admin',
    '/public/admin/../../admin',
    '/x?/../admin',
    '/x#/../../admin',
    '/x%3f/../admin',
    '/x%23/../admin',
  ],
  ...[`/${'a/'.repeat(3000)}${'../'.repeat(3000)}admin`, `/${'%2e/'.repeat(1500)}admin`, '/\xe1dmin', '/admin\xff', '/\xef\xbd\x81dmin'],
]

const headers = [
  ...[
    'X-Forwarded-Uri: /public',
    'X-Original-URI: /public',
    'X-Original-URL: /public',
    'X-Original-URL: http://open.example/public',
    'X-Rewrite-URL: /public',
  ],
  ...[
    'X-Forwarded-Path: /public',
    'X-Forwarded-Prefix: /public',
    'X-Forwarded-Host: open.example',
    'X-Forwarded-Server: open.example',
    'X-Host: open.example',
  ],
  ...[
    'X-Forwarded-Method: OPTIONS',
    'X-Original-Method: OPTIONS',
    'X-HTTP-Method-Override: OPTIONS',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Scheme: https',
  ],
  ...[
    'X-Forwarded-For: 203.0.113.7',
    'X-Real-IP: 203.0.113.7',
    'CF-Connecting-IP: 203.0.113.7',
    'True-Client-IP: 203.0.113.7',
    'Forwarded: for=203.0.113.7;host=open.example',
  ],
  ...[
    'Cf-Access-Jwt-Assertion: forged',
    'Cookie: CF_Authorization=forged',
    'Cf-Access-Authenticated-User-Email: forged@example.com',
    'Cf-Access-Client-Id: forged',
  ],
  ...[
    'X-Forwarded-Uri : /public',
    'X-Forwarded-Uri\t: /public',
    ' X-Forwarded-Uri: /public',
    'x-FORWARDED-uri: /public',
    'X_Forwarded_Uri: /public',
    'X-Forwarded_Uri: /public',
  ],
  ...[
    'X-Forwarded-Uri: /public\r\nX-Forwarded-Uri: /public',
    'X-Forwarded-Uri: /public, /admin',
    'X-Forwarded-Uri: /admin\r\n /../public',
    'X-Forwarded-Uri: http://open.example/public',
  ],
  ...[
    'X-Forwarded-Host: open.example\r\nX-Forwarded-Host: open.example',
    'X-Forwarded-Host: open.example, closed.example',
    'X-Forwarded-For: 203.0.113.7, 127.0.0.1',
  ],
  ...[
    'Connection: X-Forwarded-Uri, X-Forwarded-Host',
    'Connection: Host',
    'Connection: X-Original-Uri, X-Forwarded-For, X-Forwarded-Method',
    'Connection: cf-access-client-id',
  ],
  ...[
    'Authorization: Bearer forged',
    'X-Postern: /public',
    'Expect: 100-continue',
    'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
    'Upgrade: websocket\r\nConnection: Upgrade',
  ],
  ...[
    'X: a\0b',
    'X: a\rX-Forwarded-Uri: /public',
    'X: a\nX-Forwarded-Uri: /public',
    'X-Envoy-Original-Path: /public',
    'X-Accel-Redirect: /public',
    'Range: bytes=0-0',
  ],
]

/** In vain where a token is wanted; told to an origin that is open, it could take the request for another one. */
const forHeaders = headers.flatMap((header): Attack[] => [
  { name: `/admin with ${shown(header)}`, bytes: get('/admin', header) },
  { name: `closed.example with ${shown(header)}`, bytes: request('GET /x HTTP/1.1', 'Host: closed.example', header) },
])

const claims = [
  ...[
    'X-Original-URL: /admin',
    'X-Rewrite-URL: /admin',
    'X-Original-URI: /admin',
    'X-Forwarded-Uri: /admin',
    'X-Forwarded-Path: /admin',
    'X-Forwarded-Prefix: /admin',
  ],
  ...[
    'X-Host: closed.example',
    'X-Forwarded-Host: closed.example',
    'X-Original-Host: closed.example',
    'X-Forwarded-Server: closed.example',
    'Forwarded: host=closed.example',
  ],
  ...[
    'Cf-Access-Jwt-Assertion: forged',
    'cf-access-jwt-assertion: forged',
    'CF_ACCESS_JWT_ASSERTION: forged',
    'Cf-Access_Jwt-Assertion: forged',
    'Cf_Access-Jwt_Assertion: forged',
  ],
  ...[
    'Cookie: CF_Authorization=forged',
    'Cookie: a=b; CF_Authorization=forged; c=d',
    'Cookie: CF_Authorization=forged\r\nCookie: CF_Authorization=forged',
    'Cookie: CF_Authorization=forged;CF_Authorization=forged',
  ],
  ...[
    'X_Forwarded_Host: closed.example',
    'X-Forwarded_Host: closed.example',
    'X_Original_URL: /admin',
    'X-Original_Url: /admin',
    'Cf-Access-Authenticated-User-Email: forged',
  ],
  ...[
    'CF-Access-Client-Id: forged\r\nCF-Access-Client-Secret: forged',
    'CF_Access_Client_Id: forged\r\nCF_Access_Client_Secret: forged',
    'X-Forwarded-For: 203.0.113.7',
    'X-Real-IP: 203.0.113.7',
  ],
  ...[
    'CF-Connecting-IP: 203.0.113.7',
    'True-Client-IP: 203.0.113.7',
    'X-Forwarded-User: forged',
    'Connection: Cf-Access-Jwt-Assertion, X-Forwarded-For',
  ],
].map((header): Attack => ({ name: `an open path, with ${shown(header)} for the origin`, bytes: get('/public', header) }))

const hosts = [
  ...[
    'Host: closed.example.',
    'Host: CLOSED.example',
    'Host: closed.example:80',
    'Host: closed.example.:8080',
    'Host: open.example@closed.example',
    'Host: closed.example@open.example',
  ],
  ...[
    'Host: closed.example:80@open.example',
    'Host: closed.example, open.example',
    'Host: closed.example open.example',
    'Host: closed.example/open.example',
    'Host: closed.example\\open.example',
  ],
  ...[
    'Host: closed.example#open.example',
    'Host: closed.example?open.example',
    'Host: c%6cosed.example',
    'Host: closed%2eexample',
    'Host: closed.example%00.open.example',
    'Host: closed.example\t',
  ],
  ...[
    'Host: closed.example..',
    'Host: .closed.example',
    'Host: closed.example:abc',
    'Host: [closed.example]',
    'Host: \xe3\x80\x82closed.example',
    'Host:closed.example',
    'hOST: closed.example',
  ],
  ...[
    'Host: open.example\r\nHost: closed.example',
    'Host: closed.example\r\nHost: open.example',
    'Host: open.example\r\n closed.example',
    'Host : closed.example',
    'Host: open.example\r\nHost : closed.example',
  ],
].map((lines): Attack => ({ name: `the host as ${shown(lines)}`, bytes: request('GET /x HTTP/1.1', lines) }))

const targets: readonly Attack[] = [
  ['GET http://closed.example/x HTTP/1.1', 'Host: open.example'],
  ['GET http://open.example/admin HTTP/1.1', 'Host: closed.example'],
  ['GET http://open.example/admin HTTP/1.1', 'Host: open.example'],
  ['GET http://open.example@closed.example/x HTTP/1.1', 'Host: open.example'],
  ['GET https://closed.example/x HTTP/1.1', 'Host: open.example'],
  ['GET HTTP://closed.example HTTP/1.1', 'Host: open.example'],
  ['GET //closed.example/x HTTP/1.1', 'Host: open.example'],
  ['GET @closed.example/x HTTP/1.1', 'Host: open.example'],
  ['GET :80/admin HTTP/1.1', 'Host: open.example'],
  ['GET admin HTTP/1.1', 'Host: open.example'],
  ['GET ?/admin HTTP/1.1', 'Host: open.example'],
  ['OPTIONS * HTTP/1.1', 'Host: closed.example'],
  ['GET * HTTP/1.1', 'Host: closed.example'],
  ['CONNECT closed.example:80 HTTP/1.1', 'Host: open.example'],
  ['CONNECT /admin HTTP/1.1', 'Host: open.example'],
  ['TRACE /admin HTTP/1.1', 'Host: open.example'],
  ['OPTIONS /admin HTTP/1.1', 'Host: open.example', 'Origin: http://a', 'Access-Control-Request-Method: GET'],
  ['HEAD /admin HTTP/1.1', 'Host: open.example'],
  ['PURGE /admin HTTP/1.1', 'Host: open.example'],
  ['get /admin HTTP/1.1', 'Host: open.example'],
  ['GET /admin HTTP/1.0', 'Host: open.example'],
  ['GET /admin HTTP/1.0'],
  ['GET http://open.example/admin HTTP/1.0'],
  ['GET /admin HTTP/0.9', 'Host: open.example'],
  ['GET /admin HTTP/2.0', 'Host: open.example'],
  ['GET /admin'],
  ['GET /public HTTP/1.1 /admin HTTP/1.1', 'Host: open.example'],
  ['GET /public /admin HTTP/1.1', 'Host: open.example'],
  ['GET  /admin HTTP/1.1', 'Host: open.example'],
  ['GET\t/admin HTTP/1.1', 'Host: open.example'],
  ['\r\nGET /admin HTTP/1.1', 'Host: open.example'],
  ['PRI * HTTP/2.0\r\n\r\nSM'],
  [`GET /admin?${'x'.repeat(7000)} HTTP/1.1`, 'Host: open.example'],
  [`GET /admin?CF-Access-Client-Id=${clientId}&CF-Access-Client-Secret=secret HTTP/1.1`, 'Host: open.example'],
].map(([line = '', ...lines]): Attack => ({ name: `${shown(line)}${lines[0] ? ` to ${lines[0]}` : ''}`, bytes: request(line, ...lines) }))

/** A body, or two ways to say how long it is, with a request in it. */
const hidden = 'GET /admin HTTP/1.1\r\nHost: open.example\r\nConnection: close\r\n\r\n'
const lengths: readonly (readonly [string, string])[] = [
  ['Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${hidden}`],
  [`Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding : chunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding: xchunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding: chunked, identity', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding: identity', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding:\tchunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding:\x0bchunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nX: y\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer-Encoding\r\n : chunked', `0\r\n\r\n${hidden}`],
  ['Content-Length: 4\r\nTransfer_Encoding: chunked', `0\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${hidden}`],
  ['Content-Length: 0\r\nContent-Length: 5', hidden],
  [`Content-Length: 0, ${hidden.length}`, hidden],
  ['Content-Length: +0', hidden],
  ['Content-Length: 0x0', hidden],
  ['Content-Length: -1', hidden],
  ['Content-Length: 0 0', hidden],
  ['Content_Length: 0', hidden],
  ['Content-Length: 99999999999999999999', hidden],
  ['Transfer-Encoding: chunked', `0;x=\n\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `0\n\n${hidden}`],
  ['Transfer-Encoding: chunked', `0 \r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `0x0\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `-1\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `fffffffffffffffff\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `1\r\nab0\r\n\r\n${hidden}`],
  ['Transfer-Encoding: chunked', `0\r\nHost: closed.example\r\nX-Original-URL: /admin\r\n\r\n`],
  ['Transfer-Encoding: chunked', `0\r\n${hidden}`],
  ['Expect: 100-continue\r\nContent-Length: 0', hidden],
  ['X: y', hidden],
  [`Content-Length: ${hidden.length}`, hidden],
  ['Upgrade: h2c\r\nContent-Length: 0', hidden],
  ['Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', hidden],
]

const smuggled = lengths.flatMap(([lines, body]) =>
  ['/public', '/admin'].map(
    (path): Attack => ({
      name: `a request behind ${path} with ${shown(lines)} and ${shown(body.replace(hidden, '…'))}`,
      bytes: `POST ${path} HTTP/1.1\r\nHost: open.example\r\n${lines}\r\n\r\n${body}`,
    }),
  ),
)

/** Two wholes of credentials that are no whole together, or none at all. */
const credentials = [
  ...[
    `CF-Access-Client-Id: ${clientId}`,
    'CF-Access-Client-Secret: secret',
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: `,
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: Secret`,
  ],
  ...[
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: sec ret`,
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: secret, secret`,
    `CF-Access-Client-Id: ${clientId}, x\r\nCF-Access-Client-Secret: secret`,
  ],
  ...[
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: secret\r\nCF-Access-Client-Id: ${clientId}`,
    `CF-Access-Client-Id: ${clientId}\r\ncf-access-client-secret: wrong\r\nCF-Access-Client-Secret: secret`,
  ],
  ...[
    `CF_Access_Client_Id: ${clientId}\r\nCF_Access_Client_Secret: secret`,
    `CF-Access-Client-Id: ${clientId}\r\nCF_Access_Client_Secret: secret`,
    `CF-Access-Client-Id : ${clientId}\r\nCF-Access-Client-Secret: secret`,
  ],
  ...[
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: sec\r\n ret`,
    `CF-Access-Client-Id: ${clientId}\0\r\nCF-Access-Client-Secret: secret`,
    'CF-Access-Client-Id: TOKEN.ACCESS\r\nCF-Access-Client-Secret: secret',
  ],
  ...[
    'Authorization: Basic dG9rZW4uYWNjZXNzOnNlY3JldA==',
    `Cookie: CF-Access-Client-Id=${clientId}; CF-Access-Client-Secret=secret`,
    `CF-Access-Client-Id: ${clientId}\r\nCF-Access-Client-Secret: secret\r\nConnection: cf-access-client-secret, x`,
  ],
]
  // With the last one the gate may read both, as it is no proxy's business then; the caller holds them.
  .slice(0, -1)
  .map((lines): Attack => ({ name: `/admin with ${shown(lines)}`, bytes: get('/admin', lines) }))

export const attacks: readonly Attack[] = [
  ...paths.map((path): Attack => ({ name: `GET ${shown(path)}`, bytes: get(path) })),
  ...forHeaders,
  ...claims,
  ...hosts,
  ...targets,
  ...smuggled,
  ...credentials,
]

/** Bytes as they can be printed. */
function shown(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 60)}… (${text.length} bytes)` : text
  return JSON.stringify(short).slice(1, -1)
}
