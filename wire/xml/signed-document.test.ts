// Signing and verifying, clause by clause: what is refused, by which word, and which word comes first.

import * as crypto from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import * as example from '../testing/restock-examples.ts'
import { signingKeyOf } from './rsa-keys.ts'
import { signDocument } from './sign.ts'
import { signedInfoAlone } from './signature-template.ts'
import type { Suite } from './suites.ts'
import { type SignedBy, verifyDocument } from './verify.ts'

const pairOf = (party: example.ExampleParty) => ({
  privateKey: example.privateKey(party, 'sign'),
  publicKey: example.publicKey(party, 'sign'),
})
const { privateKey, publicKey } = pairOf('atlas')
const other = pairOf('sahel')
const NAMESPACE = 'urn:scratchless:test'
const PAYLOAD = `<Order xmlns="${NAMESPACE}"><Id>1</Id><Line><Order>2</Order></Line></Order>`
const by = (suite: Suite, more: Partial<SignedBy> = {}): SignedBy => ({
  suite,
  verifyKey: publicKey,
  rootName: 'Order',
  namespace: NAMESPACE,
  maxBytes: 100_000,
  ...more,
})
const verified = (text: string | Buffer, suite: Suite = 'interop', more?: Partial<SignedBy>) =>
  verifyDocument(Buffer.from(text as string), by(suite, more))
const refusal = (...given: Parameters<typeof verified>) => {
  const result = verified(...given)
  return 'refusal' in result ? result.refusal : 'verified'
}
const signed = {
  interop: (await signDocument(PAYLOAD, 'interop', signingKeyOf(privateKey))).toString(),
  modern: (await signDocument(PAYLOAD, 'modern', signingKeyOf(privateKey))).toString(),
}
const signatureOf = (text: string) => /<ds:Signature .*<\/ds:Signature>/.exec(text)![0]

describe.each(['interop', 'modern'] as const)('in suite %s', (suite) => {
  const good = signed[suite]

  it('the signature is the last child of the root, and what it covers comes back', () => {
    expect(good.replace(signatureOf(good), '')).toBe(PAYLOAD)
    expect(good.endsWith('</ds:Signature></Order>')).toBe(true)
    expect(verified(good, suite)).toEqual({
      rootName: 'Order',
      payload: Buffer.from(PAYLOAD),
      payloadHash: crypto.createHash('sha256').update(PAYLOAD).digest(),
    })
  })

  it('a document of the same meaning and another spelling is the same', () => {
    expect(refusal(`<?xml version="1.0"?>\n${good.replace('<Id>1</Id>', '<Id >&#49;</Id\n>')}`, suite)).toBe(
      'verified',
    )
  })

  it("another's signature, and a signature over something else, is wrong", async () => {
    const forged = (await signDocument(PAYLOAD, suite, signingKeyOf(other.privateKey))).toString()
    expect(refusal(forged, suite)).toBe('signature-wrong')
    const elsewhere = (
      await signDocument(PAYLOAD.replace('1', '2'), suite, signingKeyOf(privateKey))
    ).toString()
    const value = (text: string) => /<ds:SignatureValue>(.*)<\/ds:SignatureValue>/.exec(text)![1]!
    expect(refusal(good.replace(value(good), value(elsewhere)), suite)).toBe('signature-wrong')
    expect(refusal(good.replace(value(good), ''), suite)).toBe('signature-wrong')
    expect(refusal(good, suite, { verifyKey: other.publicKey })).toBe('signature-wrong')
  })

  it('any content that was not signed, and any other digest, differs', () => {
    expect(refusal(good.replace('<Id>1</Id>', '<Id>2</Id>'), suite)).toBe('digest-differs')
    expect(refusal(good.replace('<Id>1</Id>', '<Id>1</Id><Id>1</Id>'), suite)).toBe('digest-differs')
    const digest = /<ds:DigestValue>(.*)<\/ds:DigestValue>/.exec(good)![1]!
    const changed = (digest[0] === 'A' ? 'B' : 'A') + digest.slice(1)
    expect(refusal(good.replace(digest, changed), suite)).toBe('digest-differs')
    // Two signatures: the first would be content.
    expect(refusal(good.replace('<Id>', `${signatureOf(good)}<Id>`), suite)).toBe('digest-differs')
  })

  it.each([
    ['none', (text: string) => text.replace(signatureOf(text), '')],
    [
      'before the content',
      (text: string) => `${text.slice(0, text.indexOf('<Id>'))}${signatureOf(text)}<Id>1</Id></Order>`,
    ],
    [
      'within the content',
      (text: string) => text.replace(signatureOf(text), '').replace('<Id>1', `<Id>${signatureOf(text)}1`),
    ],
    [
      'with text behind it',
      (text: string) => text.replace(/<\/ds:Signature><\/Order>$/, '</ds:Signature> </Order>'),
    ],
    [
      'with an element behind it',
      (text: string) => text.replace(/<\/ds:Signature><\/Order>$/, '</ds:Signature><A></A></Order>'),
    ],
    ['with an id', (text: string) => text.replace('<ds:Signature ', '<ds:Signature Id="s" ')],
    [
      'with another canonical form',
      (text: string) => text.replace('xml-exc-c14n#"></ds:Can', 'xml-exc-c14n#WithComments"></ds:Can'),
    ],
    ['with another signature method', (text: string) => text.replace('xmldsig-more#', 'xmldsig#')],
    ['with another reference', (text: string) => text.replace('URI=""', 'URI="#x"')],
    [
      'with one transform less',
      (text: string) =>
        text.replace(/<ds:Transform Algorithm="[^"]*enveloped-signature"><\/ds:Transform>/, ''),
    ],
    ['with another digest method', (text: string) => text.replace('xmlenc#sha256', 'xmlenc#sha512')],
    ['with a digest a character shorter', (text: string) => text.replace(/(<ds:DigestValue>)./, '$1')],
    [
      'with a digest a character longer',
      (text: string) => text.replace('<ds:DigestValue>', '<ds:DigestValue>A'),
    ],
    ['with a second reference', (text: string) => text.replace(/(<ds:Reference .*<\/ds:Reference>)/, '$1$1')],
    [
      'with a value that is no base64',
      (text: string) => text.replace('<ds:SignatureValue>', '<ds:SignatureValue>*'),
    ],
    [
      'with markup in its value',
      (text: string) => text.replace('<ds:SignatureValue>', '<ds:SignatureValue><a></a>'),
    ],
    [
      'with an object',
      (text: string) => text.replace('</ds:Signature>', '<ds:Object></ds:Object></ds:Signature>'),
    ],
    [
      'with a key of its own',
      (text: string) =>
        text.replace(
          '</ds:Signature>',
          '<ds:KeyInfo><ds:KeyValue></ds:KeyValue></ds:KeyInfo></ds:Signature>',
        ),
    ],
    [
      'with an empty key name',
      (text: string) =>
        text.replace('</ds:Signature>', '<ds:KeyInfo><ds:KeyName></ds:KeyName></ds:KeyInfo></ds:Signature>'),
    ],
    [
      'with a key name of 201 characters',
      (text: string) =>
        text.replace(
          '</ds:Signature>',
          `<ds:KeyInfo><ds:KeyName>${'k'.repeat(201)}</ds:KeyName></ds:KeyInfo></ds:Signature>`,
        ),
    ],
    [
      'with two key names',
      (text: string) =>
        text.replace(
          '</ds:Signature>',
          '<ds:KeyInfo><ds:KeyName>a</ds:KeyName><ds:KeyName>b</ds:KeyName></ds:KeyInfo></ds:Signature>',
        ),
    ],
    [
      'with something in front of its key name',
      (text: string) =>
        text.replace(
          '</ds:Signature>',
          ' <ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo></ds:Signature>',
        ),
    ],
    [
      'with something behind its key name',
      (text: string) =>
        text.replace(
          '</ds:Signature>',
          '<ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo> </ds:Signature>',
        ),
    ],
    [
      'as another prefix writes it',
      (text: string) => text.replaceAll('ds:', 'x:').replace('xmlns:ds', 'xmlns:x'),
    ],
  ])('a signature %s is not of our shape', (_what, change) => {
    const changed = change(good)
    expect(changed).not.toBe(good)
    expect(refusal(changed, suite)).toBe('signature-shape')
  })

  it.each(['k', 'k'.repeat(200), 'CN=atlas &amp; co'])('a key name of ours may follow: %s', (name) => {
    const named = `<ds:KeyInfo><ds:KeyName>${name}</ds:KeyName></ds:KeyInfo></ds:Signature>`
    expect(refusal(good.replace('</ds:Signature>', named), suite)).toBe('verified')
  })

  it("the other suite's signature is not of its shape", () => {
    expect(refusal(signed[suite === 'modern' ? 'interop' : 'modern'], suite)).toBe('signature-shape')
  })

  it('a root of another name or namespace is another message, whatever its signature', () => {
    expect(refusal(good, suite, { rootName: 'Orders' })).toBe('other-message')
    expect(refusal(good, suite, { rootName: 'Orde' })).toBe('other-message')
    expect(refusal(good, suite, { namespace: 'urn:other' })).toBe('other-message')
    expect(refusal(`<Order xmlns="${NAMESPACE}" a="1"></Order>`, suite)).toBe('other-message')
    expect(refusal('<A></A>', suite)).toBe('other-message')
  })

  it('is refused as a document before it is looked at as a message', () => {
    expect(refusal(good, suite, { maxBytes: good.length - 1, rootName: 'Other' })).toBe('too-large')
    expect(refusal(good, suite, { maxBytes: good.length })).toBe('verified')
    expect(refusal(Buffer.from([0x3c, 0x61, 0xff]), suite)).toBe('not-utf8')
    expect(refusal(`${good}<!-- -->`, suite)).toBe('forbidden-markup')
    expect(refusal(good.slice(0, -1), suite)).toBe('not-well-formed')
  })
})

/** A signature made by hand, by other parameters than the suite's. */
function resigned(suite: Suite, options: Omit<crypto.SignKeyObjectInput, 'key'>, hash = 'sha256'): string {
  const digest = crypto.createHash('sha256').update(PAYLOAD).digest('base64')
  const value = crypto.sign(hash, signedInfoAlone(suite, digest), { key: privateKey, ...options })
  return signed[suite].replace(
    /<ds:SignatureValue>.*<\/ds:SignatureValue>/,
    `<ds:SignatureValue>${value.toString('base64')}</ds:SignatureValue>`,
  )
}

test('each suite has its own padding, hash and salt, and takes no other', () => {
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = crypto.constants
  const pss = (saltLength: number) => ({ padding: RSA_PKCS1_PSS_PADDING, saltLength })
  expect(refusal(resigned('modern', pss(32)), 'modern')).toBe('verified')
  expect(refusal(resigned('interop', { padding: RSA_PKCS1_PADDING }))).toBe('verified')
  for (const options of [pss(20), pss(0), pss(222), { padding: RSA_PKCS1_PADDING }])
    expect(refusal(resigned('modern', options), 'modern')).toBe('signature-wrong')
  expect(refusal(resigned('interop', pss(32)))).toBe('signature-wrong')
  expect(refusal(resigned('modern', pss(32), 'sha512'), 'modern')).toBe('signature-wrong')
  expect(refusal(resigned('interop', { padding: RSA_PKCS1_PADDING }, 'sha1'))).toBe('signature-wrong')
})

test('a signing key may answer later, and signs what is canonical with its namespace', async () => {
  const asked: [Suite, string][] = []
  const later = (
    await signDocument(PAYLOAD, 'modern', {
      async sign(suite, signedInfo) {
        asked.push([suite, signedInfo.toString()])
        return Buffer.from('signature')
      },
    })
  ).toString()
  const digest = crypto.createHash('sha256').update(PAYLOAD).digest('base64')
  expect(asked).toEqual([['modern', signedInfoAlone('modern', digest).toString()]])
  expect(later).toContain(
    `<ds:SignatureValue>${Buffer.from('signature').toString('base64')}</ds:SignatureValue>`,
  )
  expect(signedInfoAlone('interop', digest).toString()).toBe(
    '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' +
      '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>' +
      '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>' +
      '<ds:Reference URI=""><ds:Transforms>' +
      '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>' +
      '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>' +
      '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>' +
      `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  )
})
