import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import type { RandomBytes } from '../domain/secret.ts'

/** Encrypts what must be read again by this installation, and by nobody who has only its database. */
export interface Sealer {
  /** `purpose` says what it is and of whom: sealed bytes open for no other. */
  seal(purpose: string, content: string): Uint8Array
  /** Throws when the bytes were changed, or sealed for another purpose or under another key. */
  open(purpose: string, sealed: Uint8Array): string
  /** The same for the same master key, and tells nothing about it. */
  proof(): Uint8Array
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, which is stored before the tag and the ciphertext. `masterKey` has 32 bytes. */
export function createSealer(masterKey: Uint8Array, random: RandomBytes): Sealer {
  return {
    seal(purpose, content) {
      const nonce = random(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from(purpose))
      const ciphertext = Buffer.concat([cipher.update(content, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
    },
    open(purpose, sealed) {
      const [nonce, tag] = [sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes, nonceBytes + tagBytes)]
      const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(purpose))
      decipher.setAuthTag(tag)
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
    },
    proof: () => createHmac('sha256', masterKey).update('postern master key').digest(),
  }
}

/** Fails when the database was sealed under another master key than this one: going on would only find out later, and worse. */
export async function requireMasterKey(sealer: Sealer, keep: (proof: Uint8Array) => Promise<Uint8Array>): Promise<void> {
  const kept = await keep(sealer.proof())
  if (kept.length === sealer.proof().length && timingSafeEqual(kept, sealer.proof())) return
  throw new Error(
    'the master key is not the one that this database was made with; set POSTERN_MASTER_KEY or POSTERN_MASTER_KEY_FILE to that one, or bring its file back',
  )
}
