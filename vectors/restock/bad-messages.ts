// The bad ones: each is a good message but for one thing.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { writeAuditHead } from '@scratchless/wire/restock/audit-head-field'
import { writeCodeBlock } from '@scratchless/wire/restock/code-block'
import { signRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import { encryptData } from '@scratchless/wire/xml/encrypt'
import { forgedShapes } from '../../wire/testing/forged-shapes.ts'
import {
  exampleDelivery,
  exampleOrder,
  examplePackedCodes,
  privateKey,
  publicKey,
  VECTORS,
} from '../../wire/testing/restock-examples.ts'
import { makeBadNotices, makeUnknownMessages } from './bad-notices.ts'
import { index, keep, NS, readVector, signed, signing, type Vector, without } from './keep-vectors.ts'

export async function makeBadMessages(): Promise<void> {
  const delivery = readVector('restock-delivery.interop.xml')
  const payload = without(delivery, 'ds:Signature')
  const signature = delivery.slice(delivery.indexOf('<ds:Signature '), -'</RestockDelivery>'.length)
  const encrypted = payload.slice(payload.indexOf('<xenc:EncryptedData'), -'</RestockDelivery>'.length)
  const replaced = (from: string | RegExp, to: string, text = delivery) => {
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`nothing to replace: ${from}`)
    return changed
  }
  const reencrypted = (block: Buffer) =>
    payload.replace(encrypted, encryptData(block, 'octets', signing('interop', 'atlas', 'centre')))
  const block = () => writeCodeBlock(exampleDelivery, examplePackedCodes())

  async function bad(
    file: string,
    refusal: RestockRefusal,
    why: string,
    make: () => Buffer | string | Promise<Buffer | string>,
    other: Partial<Vector> = {},
  ): Promise<void> {
    const made = await make()
    keep(`bad/${file}`, () => made)
    index.push({
      file: `bad/${file}`,
      message: 'RestockDelivery',
      suite: 'interop',
      from: 'atlas',
      to: 'centre',
      ...other,
      verdict: 'refused',
      refusal,
      why,
    })
  }

  mkdirSync(new URL('bad/', VECTORS), { recursive: true })
  await makeForgedMessages()

  // Bytes that are no document of ours.
  await bad('utf-16.xml', 'not-utf8', 'UTF-16, which is well-formed XML', () =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(delivery, 'utf16le')]),
  )
  await bad('doctype.xml', 'forbidden-markup', 'a DOCTYPE', () => `<!DOCTYPE RestockDelivery>${delivery}`)
  await bad('processing-instruction.xml', 'forbidden-markup', 'a processing instruction', () =>
    replaced('<Lot>', '<?hint none?><Lot>'),
  )
  await bad('not-well-formed.xml', 'not-well-formed', 'an element that never ends', () =>
    delivery.slice(0, -5),
  )
  await bad('entity-unknown.xml', 'not-well-formed', 'a reference to an entity that nobody declared', () =>
    replaced('<Lot>L000001</Lot>', '<Lot>&lot;</Lot>'),
  )

  // Another document than was asked for.
  await bad('other-namespace.xml', 'other-message', 'the namespace of another version', () =>
    signed(payload.replace(NS, 'urn:scratchless:restock:9')),
  )
  await bad('id-attribute.xml', 'other-message', 'an Id attribute on the root', () =>
    signed(payload.replace(`xmlns="${NS}"`, `xmlns="${NS}" Id="x"`)),
  )
  await bad(
    'wrapped.xml',
    'other-message',
    'a good message inside another element',
    () => `<RestockDeliveries xmlns="${NS}">${delivery}</RestockDeliveries>`,
  )
  await bad('other-message.xml', 'other-message', 'a receipt where a delivery was asked for', () =>
    readVector('restock-receipt.interop.xml'),
  )

  // A signature of another shape.
  await bad('unsigned.xml', 'signature-shape', 'no signature', () => payload)
  await bad('signature-first.xml', 'signature-shape', 'the signature stands before the content', () =>
    payload.replace('<Header>', `${signature}<Header>`),
  )
  await bad('signature-nested.xml', 'signature-shape', 'the signature is not a child of the root', () =>
    payload.replace('</Header>', `${signature}</Header>`),
  )
  await bad('sha1-digest.xml', 'signature-shape', 'a reference digested by SHA-1', () =>
    replaced(
      /(<ds:DigestMethod Algorithm=")[^"]*("><\/ds:DigestMethod><ds:DigestValue>)/,
      '$1http://www.w3.org/2000/09/xmldsig#sha1$2',
    ),
  )
  await bad('inclusive-canonicalization.xml', 'signature-shape', 'another canonicalization', () =>
    replaced(
      '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">',
      '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315">',
    ),
  )
  await bad(
    'reference-elsewhere.xml',
    'signature-shape',
    'the reference points to a part of the document',
    () => replaced('<ds:Reference URI="">', '<ds:Reference URI="#x">'),
  )
  await bad('two-references.xml', 'signature-shape', 'two references', () =>
    replaced(/(<ds:Reference .*<\/ds:Reference>)/, '$1$1'),
  )
  await bad('xpath-transform.xml', 'signature-shape', 'a transform that leaves a part out', () =>
    replaced(
      '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>',
      '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>self::text()</ds:XPath></ds:Transform>',
    ),
  )
  await bad('other-suite.xml', 'signature-shape', 'the other suite than the one agreed', () =>
    readVector('restock-delivery.modern.xml'),
  )

  // A signature of our shape that does not hold.
  await bad('price-changed.xml', 'digest-differs', 'another price', () => replaced('>4.700<', '>4.100<'))
  await bad('second-signature.xml', 'digest-differs', 'the signature twice', () =>
    replaced('</RestockDelivery>', `${signature}</RestockDelivery>`),
  )
  await bad('signature-changed.xml', 'signature-wrong', 'a signature value of zeros', () =>
    replaced(/(<ds:SignatureValue>)[^<]{8}/, '$1AAAAAAAA'),
  )

  // Truly signed by the partner, and still not taken.
  await bad(
    'signature-inside-payload.xml',
    'content-invalid',
    'a second, valid signature around the first',
    () => signed(delivery),
  )
  await bad('white-space.xml', 'content-invalid', 'white space between elements', () =>
    signed(payload.replaceAll('><Run>', '>\n  <Run>')),
  )
  await bad('field-missing.xml', 'content-invalid', 'no lot', () =>
    signed(payload.replace('<Lot>L000001</Lot>', '')),
  )
  await bad('field-twice.xml', 'content-invalid', 'the lot twice', () =>
    signed(payload.replace('<Lot>L000001</Lot>', '<Lot>L000001</Lot><Lot>L000001</Lot>')),
  )
  await bad('field-unknown.xml', 'content-invalid', 'an element that the protocol does not know', () =>
    signed(payload.replace('</Lot>', '</Lot><Note>x</Note>')),
  )
  const hashText = Buffer.from(exampleDelivery.auditHead.hash).toString('hex')
  await bad('head-missing.xml', 'content-invalid', 'no head of the audit chain', () =>
    signed(payload.replace(/<AuditHead>.*<\/AuditHead>/, '')),
  )
  await bad('head-without-hash.xml', 'content-invalid', 'a head of the audit chain without its hash', () =>
    signed(payload.replace(`<Hash>${hashText}</Hash>`, '')),
  )
  await bad('head-hash-shortened.xml', 'content-invalid', 'a hash of 31 bytes', () =>
    signed(payload.replace(hashText, hashText.slice(2))),
  )
  await bad('head-hash-upper-case.xml', 'content-invalid', 'a hash in upper case', () =>
    signed(payload.replace(hashText, hashText.toUpperCase())),
  )
  await bad('head-number-too-large.xml', 'content-invalid', 'an entry number of 2^53', () =>
    signed(payload.replace(`<N>${exampleDelivery.auditHead.n}<`, '<N>9007199254740992<')),
  )
  await bad('leading-zero.xml', 'content-invalid', 'a number with a leading zero', () =>
    signed(payload.replace('<Part>1<', '<Part>01<')),
  )
  await bad('no-such-day.xml', 'content-invalid', 'a 30th of February', () =>
    signed(payload.replace('2027-12-31', '2027-02-30')),
  )
  await bad('amount-shortened.xml', 'content-invalid', 'an amount without all digits of its currency', () =>
    signed(payload.replace('>4.700<', '>4.7<')),
  )
  await bad('runs-overlap.xml', 'content-invalid', 'runs that share a serial', () =>
    signed(payload.replace('000123456800', '000123456791')),
  )
  await bad('too-many-codes.xml', 'content-invalid', 'more than 10,000 codes', () =>
    signed(payload.replace('<Count>3<', '<Count>10000<').replace('000123456800', '000123476800')),
  )
  await bad('header-other-receiver.xml', 'header-differs', 'addressed to another centre', () =>
    signed(payload.replace('<Receiver>centre<', '<Receiver>other-centre<')),
  )
  await bad('header-other-suite.xml', 'header-differs', 'the header names the other suite', () =>
    signed(payload.replace('<Suite>interop<', '<Suite>modern<')),
  )
  await bad('level-above.xml', 'not-understood', 'a level above the agreed one', () =>
    signed(payload.replace('<Level>1<', '<Level>2<')),
  )
  await bad(
    'level-above-other-shape.xml',
    'not-understood',
    'a higher level, with a field that only that level knows: nothing behind the header is looked at',
    () => signed(payload.replace('<Level>1<', '<Level>99<').replace('</Lot>', '</Lot><Depot>main</Depot>')),
  )
  await bad('level-zero.xml', 'content-invalid', 'a level of 0', () =>
    signed(payload.replace('<Level>1<', '<Level>0<')),
  )
  await bad('level-leading-zero.xml', 'content-invalid', 'a level with a leading zero', () =>
    signed(payload.replace('<Level>1<', '<Level>01<')),
  )
  await bad('level-missing.xml', 'content-invalid', 'no level', () =>
    signed(payload.replace('<Level>1</Level>', '')),
  )
  await bad('level-unsigned.xml', 'digest-differs', 'a level that was raised after it was signed', () =>
    replaced('<Level>1<', '<Level>2<'),
  )
  await bad(
    'level-above-header-grown.xml',
    'content-invalid',
    'a header with another field: it never grows, in no level',
    () => signed(payload.replace('<Level>1<', '<Level>2<').replace('</Header>', '<Note>x</Note></Header>')),
  )
  await bad(
    'closed-for-another.xml',
    'not-decrypted',
    'the content key is closed for another party',
    async () =>
      signRestockDelivery(exampleDelivery, examplePackedCodes(), {
        ...signing('interop', 'atlas', 'centre'),
        level: 1,
        receiverKey: publicKey('sahel', 'open'),
      }),
  )
  await bad('ciphertext-changed.xml', 'not-decrypted', 'a changed ciphertext, signed after the change', () =>
    signed(payload.replace(/....(<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/, 'AAA=$1')),
  )
  await bad(
    'block-other-layout.xml',
    'inner-content-invalid',
    'the block is shorter than its own counts',
    () => signed(reencrypted(block().subarray(0, -1))),
  )
  await bad(
    'block-bytes-after-name.xml',
    'inner-content-invalid',
    'bytes after the zero that ends a name',
    () => {
      const changed = block()
      changed[23] = 0x78
      return signed(reencrypted(changed))
    },
  )
  await bad(
    'ciphertext-of-another-delivery.xml',
    'inner-header-differs',
    'the codes of one delivery in another',
    () => signed(payload.replace(exampleDelivery.id, '7f1c2a90-52be-4c1d-8e77-0a1b2c3d4e5f')),
  )
  await bad(
    'ciphertext-of-another-run.xml',
    'inner-header-differs',
    'the codes of one run under the serials of another',
    () => signed(payload.replace('000123456800', '000123456900')),
  )
  await makeUnknownMessages(bad, payload)
  await makeBadNotices(bad)
  const orderContent = (fields: string) =>
    signed(
      without(readVector('restock-order.interop.xml'), 'ds:Signature').replace(
        /<xenc:EncryptedData .*<\/xenc:EncryptedData>/,
        encryptData(Buffer.from(fields), 'element', signing('interop', 'centre', 'atlas')),
      ),
      'interop',
      'centre',
    )
  const orderHeader = `<Id>${exampleOrder.id}</Id><Sender>centre</Sender><Receiver>atlas</Receiver>`
  const orderFields = orderHeader + writeAuditHead(exampleOrder.auditHead)
  const line = '<Line><LineNo>1</LineNo><Product>ATLAS-5</Product><Quantity>5</Quantity></Line>'
  const order = { message: 'RestockOrder', from: 'centre', to: 'atlas' } as const
  await bad(
    'order-line-twice.xml',
    'inner-content-invalid',
    'an order with one line number twice',
    () =>
      orderContent(
        `<RestockOrderContent xmlns="${NS}">${orderFields}<ExpiresAt>${exampleOrder.expiresAt}</ExpiresAt><Depot>main</Depot>${line}${line}</RestockOrderContent>`,
      ),
    order,
  )
  await bad(
    'order-expires-before-issued.xml',
    'inner-content-invalid',
    'an order that expires before it was issued',
    () =>
      orderContent(
        `<RestockOrderContent xmlns="${NS}">${orderFields}<ExpiresAt>2026-11-21T08:00:00.000Z</ExpiresAt><Depot>main</Depot>${line}</RestockOrderContent>`,
      ),
    order,
  )
  await bad(
    'order-head-missing.xml',
    'inner-content-invalid',
    'an order without the head of the audit chain',
    () =>
      orderContent(
        `<RestockOrderContent xmlns="${NS}">${orderHeader}<ExpiresAt>${exampleOrder.expiresAt}</ExpiresAt><Depot>main</Depot>${line}</RestockOrderContent>`,
      ),
    order,
  )
  await bad(
    'order-head-leading-zero.xml',
    'inner-content-invalid',
    'an entry number with a leading zero',
    () =>
      orderContent(
        `<RestockOrderContent xmlns="${NS}">${orderFields.replace('<N>', '<N>0')}<ExpiresAt>${exampleOrder.expiresAt}</ExpiresAt><Depot>main</Depot>${line}</RestockOrderContent>`,
      ),
    order,
  )
  await bad(
    'order-content-doctype.xml',
    'inner-content-invalid',
    'a DOCTYPE inside the encrypted content',
    () =>
      orderContent(
        `<!DOCTYPE RestockOrderContent [<!ENTITY a "5">]><RestockOrderContent xmlns="${NS}">${orderFields}<ExpiresAt>${exampleOrder.expiresAt}</ExpiresAt><Depot>main</Depot>${line.replace('>5<', '>&a;<')}</RestockOrderContent>`,
      ),
    order,
  )
}

/** Every shape of forged-shapes.ts, of each message, in suite `interop`. */
async function makeForgedMessages(): Promise<void> {
  const originals = index.filter(
    ({ suite, file, verdict }) => verdict === 'opens' && suite === 'interop' && !file.includes('xmlsec1'),
  )
  for (const { file, message, from, to } of originals) {
    const folder = `bad/${path.basename(file, '.interop.xml')}`
    mkdirSync(new URL(`${folder}/`, VECTORS), { recursive: true })
    const means = {
      senderKey: privateKey(from, 'sign'),
      other: { name: 'sahel', key: privateKey('sahel', 'sign') },
      receiverPublicKey: publicKey(to, 'open'),
      entityUrl: 'http://127.0.0.1:9/entity',
    }
    for await (const { shape, refusal, why, fromOther, bytes } of forgedShapes(readVector(file), means)) {
      keep(`${folder}/${shape}.xml`, () => bytes)
      const sender = fromOther ? 'sahel' : from
      index.push({
        ...{ file: `${folder}/${shape}.xml`, message, suite: 'interop', from: sender, to },
        ...{ verdict: 'refused', refusal, why },
      })
    }
  }
}
