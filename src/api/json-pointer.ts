/** A JSON pointer (RFC 6901) without its first `/`. A very long name is not worth repeating whole. */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((part) => String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
}
