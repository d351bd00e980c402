import { createDecipheriv } from 'node:crypto'
import { decodeBase64 } from './base64-text.ts'
import { encryptedDataParts, GCM, type PlaintextKind } from './encrypt.ts'
import type { UnwrappingKey } from './rsa-keys.ts'
import type { Suite } from './suites.ts'

/**
 * Opens a canonical EncryptedData *of a verified document*: what is not signed is never decrypted, so that
 * nobody learns from our answers how a ciphertext of his own making fares.
 * Returns the plaintext, which the caller zeroes; null where anything about it is not ours or does not open.
 */
export async function decryptData(
  encryptedData: string,
  kind: PlaintextKind,
  suite: Suite,
  key: UnwrappingKey,
): Promise<Buffer | null> {
  const [head, middle, tail] = encryptedDataParts(suite, kind)
  const middleAt = encryptedData.indexOf(middle)
  if (!encryptedData.startsWith(head) || middleAt < 0 || !encryptedData.endsWith(tail)) return null
  const wrapped = decodeBase64(encryptedData.slice(head.length, middleAt))
  const body = decodeBase64(encryptedData.slice(middleAt + middle.length, -tail.length))
  if (wrapped === null || body === null || body.length < GCM.ivBytes + GCM.tagBytes) return null

  const contentKey = await key.unwrap(suite, wrapped)
  if (contentKey === null) return null
  const decipher = createDecipheriv('aes-256-gcm', contentKey, body.subarray(0, GCM.ivBytes), {
    authTagLength: GCM.tagBytes,
  })
  decipher.setAuthTag(body.subarray(-GCM.tagBytes))
  const plaintext = decipher.update(body.subarray(GCM.ivBytes, -GCM.tagBytes))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0) // the tag does not fit: what came out is worth nothing, but might be close to a code
    return null
  }
}
