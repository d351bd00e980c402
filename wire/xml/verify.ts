// Opening a signed document gives the bytes that the signature covers, never a boolean about other bytes.

import { createHash, type KeyObject } from 'node:crypto'
import { decodeBase64 } from './base64-text.ts'
import { signatureHolds } from './rsa-keys.ts'
import {
  DIGEST_BASE64_LENGTH,
  KEY_NAME,
  SIGNATURE_END,
  SIGNATURE_START,
  SIGNATURE_VALUE,
  signedInfoAlone,
  signedInfoAround,
} from './signature-template.ts'
import { canonicalBytes, type DocumentRefusal } from './strict-document.ts'
import type { Suite } from './suites.ts'

/** Why a document is not taken, in order of precedence. */
export type EnvelopeRefusal =
  | DocumentRefusal
  /** The root has another name or namespace. */
  | 'other-message'
  /** No Signature as the root's last child, or one that is not, byte for byte, our shape in this suite. */
  | 'signature-shape'
  /** The content is not what was signed. */
  | 'digest-differs'
  /** Not signed by this partner's key. */
  | 'signature-wrong'

export interface SignedBy {
  readonly suite: Suite
  readonly verifyKey: KeyObject
  /** Null: any name that a message may have. */
  readonly rootName: string | null
  readonly namespace: string
  readonly maxBytes: number
}

type VerifiedDocument =
  | {
      readonly rootName: string
      /** The canonical document without its signature: the only bytes to read content from. */
      readonly payload: Buffer
      /** SHA-256 of `payload`. */
      readonly payloadHash: Buffer
    }
  | { readonly refusal: EnvelopeRefusal }

/**
 * Verifies a document that carries one enveloped signature. Because exclusive canonicalization of an element
 * does not depend on its last child, the canonical document with the Signature's text cut out *is* the
 * enveloped-signature transform followed by canonicalization; one pass of the parser gives both.
 */
export function verifyDocument(bytes: Uint8Array, by: SignedBy): VerifiedDocument {
  const canonical = canonicalBytes(bytes, by.maxBytes)
  if (typeof canonical === 'string') return { refusal: canonical }

  const rootName = by.rootName ?? ROOT.exec(canonical.toString('latin1', 0, ROOT_BYTES))?.[1]
  if (rootName === undefined || !startsWith(canonical, `<${rootName} xmlns="${by.namespace}">`))
    return { refusal: 'other-message' }
  const rootEnd = `</${rootName}>`

  // `<` stands for markup only, so the last such start tag is an element's, and the one that must end the root.
  const start = canonical.lastIndexOf(SIGNATURE_START)
  const end = canonical.length - rootEnd.length
  if (start < 0) return { refusal: 'signature-shape' }
  const parts = signatureParts(canonical.toString('latin1', start, end), by.suite)
  if (parts === null) return { refusal: 'signature-shape' }

  const payload = Buffer.concat([canonical.subarray(0, start), canonical.subarray(end)])
  const payloadHash = createHash('sha256').update(payload).digest()
  if (payloadHash.toString('base64') !== parts.digest) return { refusal: 'digest-differs' }
  // From here on the SignedInfo is our own text, with our own digest in it.
  const signedInfo = signedInfoAlone(by.suite, payloadHash.toString('base64'))
  if (!signatureHolds(by.suite, by.verifyKey, signedInfo, parts.signature))
    return { refusal: 'signature-wrong' }
  return { rootName, payload, payloadHash }
}

/** A root without prefix: the canonical document then ends with its end tag. */
const ROOT = /^<([A-Z][A-Za-z]{1,39}) /
const ROOT_BYTES = 42

/** Takes a canonical Signature apart; null where it is anything but the suite's template. */
function signatureParts(text: string, suite: Suite): { digest: string; signature: Buffer } | null {
  const { before, after } = signedInfoAround(suite)
  const head = `${SIGNATURE_START}<ds:SignedInfo>${before}`
  const middle = `${after}</ds:SignedInfo>${SIGNATURE_VALUE.start}`
  const middleAt = head.length + DIGEST_BASE64_LENGTH
  if (!text.startsWith(head) || !text.startsWith(middle, middleAt) || !text.endsWith(SIGNATURE_END))
    return null

  const valueAt = middleAt + middle.length
  const valueEnd = text.indexOf(SIGNATURE_VALUE.end, valueAt)
  if (valueEnd < 0) return null
  const signature = decodeBase64(text.slice(valueAt, valueEnd))
  const rest = text.slice(valueEnd + SIGNATURE_VALUE.end.length, -SIGNATURE_END.length)
  if (signature === null || (rest !== '' && !KEY_NAME.test(rest))) return null
  return { digest: text.slice(head.length, middleAt), signature }
}

function startsWith(bytes: Buffer, text: string): boolean {
  return bytes.toString('latin1', 0, text.length) === text
}
