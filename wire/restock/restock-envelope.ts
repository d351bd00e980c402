// What all messages have in common: a clear header, one signature, and content, of which the delivery encrypts its
// codes only and every other message everything.

import { type CanonicalReader, canonicalReader, UnexpectedContent } from '../xml/canonical-reader.ts'
import { decryptData } from '../xml/decrypt.ts'
import { encryptData } from '../xml/encrypt.ts'
import { signDocument } from '../xml/sign.ts'
import { canonicalBytes } from '../xml/strict-document.ts'
import { verifyDocument } from '../xml/verify.ts'
import { field } from '../xml/xml-text.ts'
import { type AuditHeadField, readAuditHead, writeAuditHead } from './audit-head-field.ts'
import { messageIdField } from './restock-fields.ts'
import {
  MAX_MESSAGE_BYTES,
  MAX_UNKNOWN_MESSAGE_BYTES,
  RESTOCK_NAMESPACE,
  type RestockMessageName,
} from './restock-messages.ts'
import type { RestockRefusal, RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'
import { matchesXsd } from './restock-schema.ts'

interface RestockHeader {
  readonly id: string
  readonly issuedAt: string
  readonly sender: string
  readonly receiver: string
}

/** A zod schema, as far as opening needs one. */
interface ContentSchema<Content> {
  parse(value: unknown): Content
  safeParse(value: unknown): { success: true; data: Content } | { success: false }
}

interface ConfidentialContent extends RestockHeader {
  readonly auditHead: AuditHeadField
}

/** What makes one of the messages that are encrypted as a whole. */
export interface ConfidentialMessage<Content extends ConfidentialContent> {
  readonly name: Exclude<RestockMessageName, 'RestockDelivery'>
  readonly schema: ContentSchema<Content>
  /** Everything below header and audit head, in canonical form. */
  write(content: Content): string
  /** The same, read: fields that `schema` then checks, with the header's beside them. */
  read(reader: CanonicalReader): object
}

/** Signs a payload: `body` stands between the header and the signature. Canonical form throughout. */
export function signMessage(
  name: RestockMessageName,
  header: RestockHeader,
  body: string,
  signing: RestockSigning,
): Promise<Buffer> {
  const payload = `<${name} xmlns="${RESTOCK_NAMESPACE}">${writeHeader(signing, header)}${body}</${name}>`
  return signDocument(payload, signing.suite, signing.signingKey)
}

interface Envelope {
  readonly name: string
  readonly level: number
  readonly header: RestockHeader
  /** Stands after the header, over the verified canonical bytes. */
  readonly reader: CanonicalReader
  readonly payload: Buffer
  readonly payloadHash: Buffer
}

/**
 * Verifies what is the same in every message of every level: the signature, then the header, which never grows.
 * `name` null takes a message of any name. Nothing behind the header is read, and nothing is decrypted.
 */
export function verifyEnvelope(
  name: RestockMessageName | null,
  bytes: Uint8Array,
  { partner, self }: RestockVerifying,
): Envelope | { readonly refusal: RestockRefusal } {
  const signed = verifyDocument(bytes, {
    suite: partner.suite,
    verifyKey: partner.verifyKey,
    rootName: name,
    namespace: RESTOCK_NAMESPACE,
    maxBytes: name === null ? MAX_UNKNOWN_MESSAGE_BYTES : MAX_MESSAGE_BYTES[name],
  })
  if ('refusal' in signed) return signed
  const { rootName, payload, payloadHash } = signed
  const reader = canonicalReader(payload.toString('latin1'))
  const read = readOrNull(() => {
    reader.expect(`<${rootName} xmlns="${RESTOCK_NAMESPACE}">`)
    return readHeader(reader)
  })
  if (read === null) return { refusal: 'content-invalid' }
  const { suite, level, header } = read
  if (suite !== partner.suite || header.sender !== partner.id || header.receiver !== self)
    return { refusal: 'header-differs' }
  return { name: rootName, level, header, reader, payload, payloadHash }
}

/** Verifies a message of the name given and of a level that was agreed. The payload is valid by the XSD. */
export function verifyMessage(
  name: RestockMessageName,
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Envelope | { readonly refusal: RestockRefusal } {
  const envelope = verifyEnvelope(name, bytes, verifying)
  if ('refusal' in envelope) return envelope
  if (envelope.level > verifying.partner.level) return { refusal: 'not-understood' }
  return matchesXsd(envelope.payload) ? envelope : { refusal: 'content-invalid' }
}

/** Closes a message whose whole content is for its receiver only. Throws where the content breaks its schema. */
export async function encryptAndSign<Content extends ConfidentialContent>(
  message: ConfidentialMessage<Content>,
  content: Content,
  signing: RestockSigning,
): Promise<Buffer> {
  const checked = message.schema.parse(content)
  const inner = `<${message.name}Content xmlns="${RESTOCK_NAMESPACE}">${writeInnerHeader(checked)}${writeAuditHead(checked.auditHead)}${message.write(checked)}</${message.name}Content>`
  return signMessage(message.name, checked, encryptData(Buffer.from(inner), 'element', signing), signing)
}

/** Opens one: verifies, decrypts, and gives the content, or says why not. Throws for no bytes. */
export async function verifyAndDecrypt<Content extends ConfidentialContent>(
  message: ConfidentialMessage<Content>,
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<Content>> {
  const verified = verifyMessage(message.name, bytes, verifying)
  if ('refusal' in verified) return verified
  const { header, reader, payloadHash } = verified
  const encrypted = readOrNull(() => readEncryptedData(message.name, reader))
  if (encrypted === null) return { refusal: 'content-invalid' }
  const plaintext = await decryptData(encrypted, 'element', verifying.partner.suite, verifying.unwrappingKey)
  if (plaintext === null) return { refusal: 'not-decrypted' }

  const inner = canonicalBytes(plaintext, MAX_MESSAGE_BYTES[message.name])
  if (typeof inner === 'string' || !matchesXsd(inner)) return { refusal: 'inner-content-invalid' }
  const innerReader = canonicalReader(inner.toString('latin1'))
  const fields = readOrNull(() => {
    innerReader.expect(`<${message.name}Content xmlns="${RESTOCK_NAMESPACE}">`)
    const innerHeader = readInnerHeader(innerReader)
    const auditHead = readAuditHead(innerReader)
    const content = { auditHead, ...message.read(innerReader) }
    innerReader.expect(`</${message.name}Content>`)
    innerReader.end()
    return { innerHeader, content }
  })
  if (fields === null) return { refusal: 'inner-content-invalid' }
  const content = message.schema.safeParse({ ...header, ...fields.content })
  if (!content.success) return { refusal: 'inner-content-invalid' }
  const { innerHeader } = fields
  if (
    innerHeader.id !== header.id ||
    innerHeader.sender !== header.sender ||
    innerHeader.receiver !== header.receiver
  )
    return { refusal: 'inner-header-differs' }
  return { content: content.data, payloadHash }
}

/** The EncryptedData, which is the last of a verified message. */
export function readEncryptedData(name: RestockMessageName, reader: CanonicalReader): string {
  const raw = reader.rawElement('<xenc:EncryptedData ', '</xenc:EncryptedData>')
  reader.expect(`</${name}>`)
  reader.end()
  return raw
}

/** Null where the text is another than the reader was told to expect. */
export function readOrNull<Read>(read: () => Read): Read | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnexpectedContent) return null
    throw error
  }
}

function writeHeader({ suite, level }: RestockSigning, header: RestockHeader): string {
  return `<Header>${field('Suite', suite)}${field('Level', level)}${field('Id', header.id)}${field('IssuedAt', header.issuedAt)}${field('Sender', header.sender)}${field('Receiver', header.receiver)}</Header>`
}

/** A header has this one shape in every level, and is read before any schema of a level is asked. */
function readHeader(reader: CanonicalReader): { suite: string; level: number; header: RestockHeader } {
  reader.expect('<Header>')
  const suite = reader.field('Suite')
  const level = reader.field('Level')
  if (!LEVEL.test(level)) throw new UnexpectedContent('a level was expected')
  const header = {
    id: readId(reader),
    issuedAt: reader.field('IssuedAt'),
    sender: reader.field('Sender'),
    receiver: reader.field('Receiver'),
  }
  reader.expect('</Header>')
  return { suite, level: Number(level), header }
}

const LEVEL = /^[1-9][0-9]?$/

function readId(reader: CanonicalReader): string {
  const id = messageIdField.safeParse(reader.field('Id'))
  if (!id.success) throw new UnexpectedContent('a message id was expected')
  return id.data
}

function writeInnerHeader(header: RestockHeader): string {
  return field('Id', header.id) + field('Sender', header.sender) + field('Receiver', header.receiver)
}

function readInnerHeader(reader: CanonicalReader): Omit<RestockHeader, 'issuedAt'> {
  return { id: reader.field('Id'), sender: reader.field('Sender'), receiver: reader.field('Receiver') }
}
