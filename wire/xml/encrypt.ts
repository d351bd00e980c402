// XML Encryption 1.1: one EncryptedData with its EncryptedKey inside, again a template with holes.

import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { CONTENT_KEY_BYTES, wrapContentKey } from './rsa-keys.ts'
import { DSIG, SUITES, type Suite, XENC, XENC11 } from './suites.ts'

/** `element`: the plaintext is one XML element, which takes EncryptedData's place. `octets`: it is bytes. */
export type PlaintextKind = 'element' | 'octets'

/** AES-GCM in XML Encryption 1.1, section 5.2.4: IV of 96 bits, ciphertext, tag of 128 bits. */
export const GCM = { ivBytes: 12, tagBytes: 16 } as const

const ENCRYPTED_DATA_END = '</xenc:EncryptedData>'

/** The three constant parts of an EncryptedData: before the wrapped key, between, after the ciphertext. */
export function encryptedDataParts(suite: Suite, kind: PlaintextKind): readonly [string, string, string] {
  const { content, keyTransport, oaepDigest, oaepMask } = SUITES[suite]
  const type = kind === 'element' ? ` Type="${XENC}Element"` : ' MimeType="application/octet-stream"'
  const mask =
    oaepMask === null ? '' : `<xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${oaepMask}"></xenc11:MGF>`
  return [
    `<xenc:EncryptedData xmlns:xenc="${XENC}"${type}>` +
      `<xenc:EncryptionMethod Algorithm="${content}"></xenc:EncryptionMethod>` +
      `<ds:KeyInfo xmlns:ds="${DSIG}"><xenc:EncryptedKey>` +
      `<xenc:EncryptionMethod Algorithm="${keyTransport}">` +
      `<ds:DigestMethod Algorithm="${oaepDigest}"></ds:DigestMethod>${mask}` +
      '</xenc:EncryptionMethod>' +
      '<xenc:CipherData><xenc:CipherValue>',
    '</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>',
    `</xenc:CipherValue></xenc:CipherData>${ENCRYPTED_DATA_END}`,
  ]
}

/**
 * Closes a plaintext for the holder of `receiverKey`, under a content key made for this one message.
 * Returns the EncryptedData in canonical form. The plaintext stays the caller's, to zero.
 */
export function encryptData(
  plaintext: Uint8Array,
  kind: PlaintextKind,
  closing: { readonly suite: Suite; readonly receiverKey: KeyObject; readonly random: Random },
): string {
  const raw = randomBytes(closing.random, CONTENT_KEY_BYTES)
  try {
    const iv = randomBytes(closing.random, GCM.ivBytes)
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(raw), iv, { authTagLength: GCM.tagBytes })
    const body = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    const wrapped = wrapContentKey(closing.suite, closing.receiverKey, raw)
    const [head, middle, tail] = encryptedDataParts(closing.suite, kind)
    return head + wrapped.toString('base64') + middle + body.toString('base64') + tail
  } finally {
    raw.fill(0)
  }
}
