// What attackers have done to signed and encrypted XML, done to any one of our messages: signature wrapping, changed
// values, foreign keys and algorithms, entities. Each shape says how a receiver must refuse it. The vectors are made
// of them, and the tests give them to running offices.

import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  sign,
} from 'node:crypto'
import type { RestockRefusal } from '../restock/restock-partner.ts'
import { signingKeyOf } from '../xml/rsa-keys.ts'
import { signDocument } from '../xml/sign.ts'
import { DSIG, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from '../xml/suites.ts'

/** What the attacker has, and for shapes that only a partner's own faulty software makes, the sender's key. */
export interface ForgeryMeans {
  readonly senderKey: KeyObject
  /** Another party, known to the receiver as a partner. */
  readonly other: { readonly name: string; readonly key: KeyObject }
  readonly receiverPublicKey: KeyObject
  /** Where an external entity points: nobody may ever be asked there. */
  readonly entityUrl: string
}

export interface ForgedShape {
  readonly shape: string
  readonly refusal: RestockRefusal
  readonly why: string
  /** Set where the receiver is to take it for the other party's. */
  readonly fromOther?: true
  readonly bytes: Buffer
}

/** A document taken apart as text; our own shape is fixed enough for that. */
export interface Parts {
  readonly start: string
  readonly content: string
  readonly signature: string
  readonly end: string
}

export function takeApart(document: string): Parts {
  const rootStart = document.search(/<[A-Z][A-Za-z]+ xmlns="urn:scratchless:restock:1">/)
  const startEnd = document.indexOf('>', rootStart) + 1
  const signatureStart = document.lastIndexOf('<ds:Signature ')
  const signatureEnd = document.lastIndexOf('</ds:Signature>') + '</ds:Signature>'.length
  if (rootStart < 0 || signatureStart < 0) throw new Error('not one of our documents')
  return {
    start: document.slice(rootStart, startEnd),
    content: document.slice(startEnd, signatureStart),
    signature: document.slice(signatureStart, signatureEnd),
    end: document.slice(signatureEnd),
  }
}

/** The same content, issued a year later. */
export function changedContent(content: string): string {
  return replaced(content, /<IssuedAt>(\d{4})/, (_, year) => `<IssuedAt>${Number(year) + 1}`)
}

/**
 * Signature wrapping: the eight shapes (XSW 1 to 8) that were published for SAML, carried over to our envelope. There
 * a response holds a signed assertion; here the root is signed as a whole. In each the attacker's changed copy stands
 * where a careless reader looks, and the signed original is kept somewhere for the verifier to find.
 */
export function wrappings(document: string): Record<string, readonly [document: string, why: string]> {
  const { start, content, signature, end } = takeApart(document)
  const evil = changedContent(content)
  const unsigned = `${start}${content}${end}`
  const original = `${start}${content}${signature}${end}`
  const opened = signature.indexOf('>') + 1
  const into = `${signature.slice(0, opened)}${unsigned}${signature.slice(opened)}`
  const inObject = signature.replace('</ds:Signature>', `<ds:Object>${original}</ds:Object></ds:Signature>`)
  const valueEnd = signature.indexOf('</ds:SignatureValue>')
  const inValue = `${signature.slice(0, valueEnd)}${unsigned}${signature.slice(valueEnd)}`
  return {
    'xsw-1': [`${start}${evil}${into}${end}`, 'the original inside the signature of a changed copy'],
    'xsw-2': [
      `${start}${evil}${unsigned}${signature}${end}`,
      'the original beside its signature in a changed copy',
    ],
    'xsw-3': [
      `${start}${start}${evil}${end}${content}${signature}${end}`,
      'a changed copy before the original content',
    ],
    'xsw-4': [`${start}${evil}${original}${end}`, 'a changed copy around the original'],
    'xsw-5': [
      `${start}${evil}${signature}${unsigned}${end}`,
      'the original after the signature of a changed copy',
    ],
    'xsw-6': [`${start}${evil}${inValue}${end}`, 'the original inside the signature value of a changed copy'],
    'xsw-7': [
      `${start}<Extensions>${evil}</Extensions>${content}${signature}${end}`,
      'a changed copy in an extension',
    ],
    'xsw-8': [
      `${start}${evil}${inObject}${end}`,
      'the original in an object of the signature of a changed copy',
    ],
  }
}

/** Every shape of one good message in suite `interop`. */
export async function* forgedShapes(document: string, means: ForgeryMeans): AsyncGenerator<ForgedShape> {
  const { start, content, signature, end } = takeApart(document)
  const { senderKey, other, receiverPublicKey, entityUrl } = means
  const payload = `${start}${content}${end}`
  const root = /<(\w+)/.exec(start)![1]!
  const sender = /<Sender>([^<]*)</.exec(content)![1]!
  const shape = (
    name: string,
    refusal: RestockRefusal,
    why: string,
    bytes: string | Buffer,
    from: { fromOther?: true } = {},
  ): ForgedShape => ({ shape: name, refusal, why, ...from, bytes: Buffer.from(bytes) })
  const closedBy = (changed: string, itsSignature: string) =>
    `${changed.slice(0, -end.length)}${itsSignature}${end}`

  for (const [name, [wrapped, why]] of Object.entries(wrappings(document)))
    yield shape(name, wrappingRefusal(name), why, wrapped)

  yield shape(
    'digit-changed',
    'digest-differs',
    'one digit of a signed value changed',
    `${start}${changedContent(content)}${signature}${end}`,
  )
  yield shape(
    'comment-in-value',
    'forbidden-markup',
    'a comment inside a signed value; canonicalization drops it, so the signature still holds',
    replaced(document, '<Sender>', '<Sender><!-- -->'),
  )
  yield shape(
    'cdata-in-value',
    'forbidden-markup',
    'a CDATA section in a signed value; the signature still holds',
    replaced(document, `<Sender>${sender}<`, `<Sender><![CDATA[${sender}]]><`),
  )

  const info = signature.slice(signature.indexOf('<ds:SignedInfo>'), signature.indexOf('<ds:SignatureValue>'))
  yield shape(
    'second-signed-info',
    'signature-shape',
    'two SignedInfo, of which the first is the one that was signed',
    replaced(document, info, info + info.replace(/<ds:DigestValue>[^<]{8}/, '<ds:DigestValue>AAAAAAAA')),
  )
  yield shape(
    'signed-info-second',
    'signature-shape',
    'two SignedInfo, of which the second is the one that was signed',
    replaced(document, info, info.replace(/<ds:DigestValue>[^<]{8}/, '<ds:DigestValue>AAAAAAAA') + info),
  )

  const changed = `${start}${changedContent(content)}${end}`
  yield shape(
    'key-in-key-info',
    'signature-shape',
    'changed, signed by another key, which the signature brings along',
    closedBy(
      changed,
      signatureBy({
        payload: changed,
        sign: (bytes) => sign('sha256', bytes, other.key),
        keyInfo: keyValue(other.key),
      }),
    ),
  )
  const publicPem = createPublicKey(senderKey).export({ type: 'spki', format: 'pem' })
  yield shape(
    'hmac',
    'signature-shape',
    "changed, with an HMAC whose key is the sender's public key",
    closedBy(
      changed,
      signatureBy({
        payload: changed,
        method: 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
        sign: (bytes) => createHmac('sha256', publicPem).update(bytes).digest(),
      }),
    ),
  )
  const bySender = (hash: string) => (bytes: Buffer) => sign(hash, bytes, senderKey)
  yield shape(
    'md5-digest',
    'signature-shape',
    'truly signed, over an MD5 digest',
    closedBy(payload, signatureBy({ payload, digests: ['md5'], sign: bySender('sha256') })),
  )
  yield shape(
    'md5-signature',
    'signature-shape',
    'truly signed, by RSA with MD5',
    closedBy(
      payload,
      signatureBy({
        payload,
        method: 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5',
        sign: bySender('md5'),
      }),
    ),
  )
  yield shape(
    'md5-beside-sha256',
    'signature-shape',
    'truly signed, with an MD5 and a SHA-256 reference, outside the suite that has both',
    closedBy(payload, signatureBy({ payload, digests: ['md5', 'sha256'], sign: bySender('sha256') })),
  )

  const lol = (level: number) => (level === 0 ? 'lol' : `&l${level - 1};`.repeat(10))
  const bomb = Array.from({ length: 10 }, (_, level) => `<!ENTITY l${level} "${lol(level)}">`).join('')
  yield shape(
    'entity-bomb',
    'forbidden-markup',
    'entities that grow to 3 GB',
    `<!DOCTYPE ${root} [${bomb}]>${replaced(document, `<Sender>${sender}<`, '<Sender>&l9;<')}`,
  )
  yield shape(
    'external-entity',
    'forbidden-markup',
    'an entity that is to be fetched from elsewhere',
    `<!DOCTYPE ${root} [<!ENTITY far SYSTEM "${entityUrl}">]>${replaced(document, `<Sender>${sender}<`, '<Sender>&far;<')}`,
  )
  yield shape(
    'external-dtd',
    'forbidden-markup',
    'a document type that is to be fetched from elsewhere',
    `<!DOCTYPE ${root} SYSTEM "${entityUrl}">${document}`,
  )

  const signedBySender = (text: string) => signDocument(text, 'interop', signingKeyOf(senderKey))
  yield shape(
    'content-cipher-cbc',
    'content-invalid',
    'truly signed; content encrypted in CBC mode',
    await signedBySender(reencrypted(payload, receiverPublicKey, 'cbc')),
  )
  yield shape(
    'key-transport-rsa-1-5',
    'content-invalid',
    'truly signed; the content key closed by RSA PKCS #1 v1.5',
    await signedBySender(reencrypted(payload, receiverPublicKey, 'rsa-1-5')),
  )
  yield shape(
    'signed-by-another',
    'signature-wrong',
    "another partner's signature under the sender's name",
    await signDocument(payload, 'interop', signingKeyOf(other.key)),
  )
  yield shape(
    'ciphertext-copied',
    'inner-header-differs',
    'another partner signs a message of its own around the ciphertext',
    await signDocument(
      replaced(payload, `<Sender>${sender}<`, `<Sender>${other.name}<`),
      'interop',
      signingKeyOf(other.key),
    ),
    { fromOther: true },
  )
}

/** A wrapping leaves either no signature of our shape at the root's end, or one over other bytes. */
function wrappingRefusal(name: string): RestockRefusal {
  return ['xsw-2', 'xsw-3', 'xsw-7'].includes(name) ? 'digest-differs' : 'signature-shape'
}

function replaced(
  text: string,
  from: string | RegExp,
  to: string | ((...found: string[]) => string),
): string {
  const changed = text.replace(from, to as string)
  if (changed === text) throw new Error(`nothing to replace: ${from}`)
  return changed
}

const ALGORITHM = {
  rsaSha256: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  md5: 'http://www.w3.org/2001/04/xmldsig-more#md5',
}

/** A signature in our shape but for what is asked to be otherwise, true over `payload` by `sign`. */
function signatureBy(made: {
  payload: string
  sign: (signedInfo: Buffer) => Buffer
  method?: string
  digests?: readonly ('sha256' | 'md5')[]
  keyInfo?: string
}): string {
  const { payload, method = ALGORITHM.rsaSha256, digests = ['sha256'], keyInfo = '' } = made
  const references = digests.map((digest) => {
    const value = createHash(digest).update(payload).digest('base64')
    return (
      `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${ENVELOPED_SIGNATURE}"></ds:Transform>` +
      `<ds:Transform Algorithm="${EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>` +
      `<ds:DigestMethod Algorithm="${ALGORITHM[digest]}"></ds:DigestMethod><ds:DigestValue>${value}</ds:DigestValue></ds:Reference>`
    )
  })
  const inner =
    `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${method}"></ds:SignatureMethod>${references.join('')}`
  const alone = Buffer.from(`<ds:SignedInfo xmlns:ds="${DSIG}">${inner}</ds:SignedInfo>`)
  return (
    `<ds:Signature xmlns:ds="${DSIG}"><ds:SignedInfo>${inner}</ds:SignedInfo>` +
    `<ds:SignatureValue>${made.sign(alone).toString('base64')}</ds:SignatureValue>${keyInfo}</ds:Signature>`
  )
}

function keyValue(key: KeyObject): string {
  const { n, e } = createPublicKey(key).export({ format: 'jwk' })
  const base64 = (text: string | undefined) => Buffer.from(text!, 'base64url').toString('base64')
  return (
    '<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue>' +
    `<ds:Modulus>${base64(n)}</ds:Modulus><ds:Exponent>${base64(e)}</ds:Exponent>` +
    '</ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>'
  )
}

/** The document with its ciphertext made anew, truly by the weak algorithm, for the same receiver. */
function reencrypted(payload: string, receiver: KeyObject, weak: 'cbc' | 'rsa-1-5'): string {
  const key = Buffer.alloc(32, 7)
  const plaintext = Buffer.from('whatever stands in here is never read')
  const padding = weak === 'cbc' ? constants.RSA_PKCS1_OAEP_PADDING : constants.RSA_PKCS1_PADDING
  const wrapped = publicEncrypt({ key: receiver, padding, ...(weak === 'cbc' && { oaepHash: 'sha1' }) }, key)
  const iv = Buffer.alloc(weak === 'cbc' ? 16 : 12, 1)
  const body = weak === 'cbc' ? inCbc(key, iv, plaintext) : inGcm(key, iv, plaintext)
  const values = replaced(
    payload,
    /(<xenc:CipherValue>)[^<]*(.*<xenc:CipherValue>)[^<]*/s,
    (_, one, two) => `${one}${wrapped.toString('base64')}${two}${body.toString('base64')}`,
  )
  return weak === 'cbc'
    ? replaced(
        values,
        'http://www.w3.org/2009/xmlenc11#aes256-gcm',
        'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
      )
    : replaced(
        values,
        /<xenc:EncryptionMethod Algorithm="[^"]*rsa-oaep-mgf1p">.*?<\/xenc:EncryptionMethod>/s,
        '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"></xenc:EncryptionMethod>',
      )
}

function inCbc(key: Buffer, iv: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final()])
}

function inGcm(key: Buffer, iv: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}
