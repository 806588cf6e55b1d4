// Protocol buffers by hand (protobuf.dev/programming-guides/encoding), so that the gate's field numbers are held to Envoy's and not to themselves.

/** A field of bytes, text or a message. */
export function field(number: number, ...content: readonly (string | Uint8Array)[]): Buffer {
  const value = Buffer.concat(content.map((part) => Buffer.from(part as string)))
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value])
}

/** All values at a path of field numbers: numbers, or bytes. */
export function valuesAt(message: Uint8Array, ...path: readonly number[]): (number | Buffer)[] {
  const [first, ...rest] = path
  const found = fieldsOf(Buffer.from(message)).flatMap(([number, value]) => (number === first ? [value] : []))
  return rest.length === 0 ? found : found.flatMap((value) => (typeof value === 'number' ? [] : valuesAt(value, ...rest)))
}

function fieldsOf(message: Buffer): [number, number | Buffer][] {
  const fields: [number, number | Buffer][] = []
  let at = 0
  const read = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const key = read()
    const value = read()
    if (key % 8 === 0) fields.push([Math.floor(key / 8), value])
    else if (key % 8 === 2) {
      fields.push([Math.floor(key / 8), message.subarray(at, at + value)])
      at += value
    } else throw new Error(`wire type ${key % 8}`)
  }
  return fields
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
