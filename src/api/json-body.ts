import { visit } from 'jsonc-parser'
import { Failure } from '../authority/failure.ts'
import { pointerTo } from './json-pointer.ts'

const maxDepth = 16
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads a request body as JSON (RFC 8259) of which every reader sees the same: no repeated keys, no broken UTF-8. An empty body is `undefined`. */
export function parseJsonBody(contentType: string | undefined, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  if (!isJson(contentType)) throw notJson(contentType)
  const text = decode(bytes)
  refuseAmbiguity(text)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`the body is not valid JSON${positionIn(error)}`)
  }
}

export function notJson(contentType: string | undefined): Failure {
  const instead = contentType === undefined ? '' : `, not ${JSON.stringify(contentType.slice(0, 100))}`
  return invalid(`the body must be JSON, sent with "Content-Type: application/json"${instead}`)
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw invalid('the body is not valid UTF-8')
  }
}

/** JSON.parse would take the last of two equal keys without a word, and other readers the first. */
function refuseAmbiguity(text: string): void {
  const objects: Set<string>[] = []
  let depth = 0
  const enter = () => {
    if (++depth > maxDepth) throw invalid(`the body is nested deeper than ${maxDepth} levels`)
  }
  visit(text, {
    onObjectBegin: () => {
      enter()
      objects.push(new Set())
    },
    onObjectEnd: () => {
      depth--
      objects.pop()
    },
    onArrayBegin: enter,
    onArrayEnd: () => {
      depth--
    },
    onObjectProperty: (key, _offset, _length, _line, _character, path) => {
      const keys = objects.at(-1)
      if (keys?.has(key))
        throw new Failure('invalid_request', { field: pointerTo([...path(), key]), message: 'is given twice; give it once' })
      keys?.add(key)
    },
  })
}

/** V8 quotes a piece of the body in its message, which may be a secret; only the position is passed on. */
function positionIn(error: unknown): string {
  const position = /position (\d+)/.exec(String(error))?.[1]
  return position === undefined ? '' : ` (at character ${Number(position) + 1})`
}

function invalid(message: string): Failure {
  return new Failure('invalid_request', { message })
}
