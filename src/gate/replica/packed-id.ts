/** 128 bits as four words; the same array each time, for whoever reads it at once. */
export type IdWords = Uint32Array

/** The value of a hexadecimal digit in lower case by its character code; 255 for anything else. */
const digitValues = new Uint8Array(128).fill(255)
const digitCodes = new Uint8Array(16)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digitValues[digit.charCodeAt(0)] = value
  digitCodes[value] = digit.charCodeAt(0)
}

const dash = 45
const clientIdEnding = '.access'
const uuidLength = 36

/** Reads the 32 digits of a client id into `words`. `false` for what is none, as `newClientId` makes them: in one spelling only. */
export function readClientId(clientId: string, words: IdWords): boolean {
  return clientId.length === 32 + clientIdEnding.length && clientId.endsWith(clientIdEnding) && readDigits(clientId, words, false)
}

/** The same for a UUID in lower case. */
export function readUuid(uuid: string, words: IdWords): boolean {
  return uuid.length === uuidLength && readDigits(uuid, words, true)
}

function readDigits(text: string, words: IdWords, isUuid: boolean): boolean {
  let at = 0
  for (let index = 0; index < 4; index++) {
    let word = 0
    for (let digit = 0; digit < 8; digit++) {
      if (isUuid && isDashAt(at) && text.charCodeAt(at++) !== dash) return false
      const code = text.charCodeAt(at++)
      const value = code < 128 ? (digitValues[code] as number) : 255
      if (value === 255) return false
      word = (word << 4) | value
    }
    words[index] = word
  }
  return true
}

function isDashAt(at: number): boolean {
  return at === 8 || at === 13 || at === 18 || at === 23
}

const text = Buffer.alloc(uuidLength)

/** The UUID of the four words that begin at `offset`. */
export function uuidAt(words: Uint32Array, offset: number): string {
  let at = 0
  for (let index = 0; index < 4; index++) {
    const word = words[offset + index] as number
    for (let shift = 28; shift >= 0; shift -= 4) {
      if (isDashAt(at)) text[at++] = dash
      text[at++] = digitCodes[(word >>> shift) & 15] as number
    }
  }
  return text.toString('latin1')
}
