/** The most steps that a chain of servers is thought to take. */
const maxReadings = 20_000

/** What one server or framework or another does to a path before it looks what it is for. */
const steps: readonly ((path: string) => string)[] = [
  (path) => path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, ''),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => path.replace(/;.*$/s, ''),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/\0.*$/s, ''),
  (path) => path.replace(/[\0-\x20\x7f]/g, ''),
  (path) => path.replace(/%([0-9a-f]{2})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  (path) => path.replace(/%u([0-9a-f]{4})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  (path) => Buffer.from(path, 'latin1').toString('utf8'),
  // Overlong UTF-8, as careless decoders read it.
  (path) => path.replace(/\xc0([\x80-\xbf])/g, (_all, low) => String.fromCharCode(low.charCodeAt(0) & 63)),
  (path) => path.replace(/\xe0\x80([\x80-\xbf])/g, (_all, low) => String.fromCharCode(low.charCodeAt(0) & 63)),
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => withoutDots(path),
  (path) => path.replace(/[. ]+(?=\/|$)|(?<=^|\/) +/g, ''),
  (path) => path.normalize('NFKC'),
  (path) => path.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, ''),
  (path) => path.toLowerCase(),
  (path) => path.toUpperCase(),
]

/** Whether any server that could be an origin would serve something at or below `/admin` for this request target. */
export function canBeReadAsAdmin(target: string): boolean {
  const seen = new Set<string>()
  const next = [target.replace(/\?.*$/s, '')]
  for (let path = next.pop(); path !== undefined && seen.size < maxReadings; path = next.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    if (/^\/?admin(\/|$)/i.test(path)) return true
    for (const step of steps) next.push(step(path))
  }
  return false
}

function withoutDots(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
    } else if (segment !== '.') kept.push(segment)
  }
  return kept.join('/')
}
