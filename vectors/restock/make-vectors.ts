// Writes the messages of vectors/restock/ that are not there yet; run by hand, from the checkout's root:
//   node vectors/restock/make-vectors.ts
// What is there is the truth and stays: a vector that no longer fits is a break of the protocol, to be decided
// by people. To replace one, delete its file first and say why in the commit.

import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeCodeBlock } from '@scratchless/wire/restock/code-block'
import { signLotActivation } from '@scratchless/wire/restock/lot-activation'
import { signNoticeReceipt } from '@scratchless/wire/restock/notice-receipt'
import { signRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { signRestockNotUnderstood } from '@scratchless/wire/restock/restock-not-understood'
import { signRestockOrder } from '@scratchless/wire/restock/restock-order'
import { signRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockSigning } from '@scratchless/wire/restock/restock-partner'
import { signRestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import type { Suite } from '@scratchless/wire/xml/suites'
import {
  type ExampleParty,
  exampleActivation,
  exampleCodes,
  exampleDelivery,
  exampleNextKey,
  exampleNoticeReceipt,
  exampleNotUnderstood,
  exampleOrder,
  examplePackedCodes,
  exampleRangeNotice,
  exampleReceipt,
  exampleResponse,
  exampleUpdate,
  indexed,
  keyFile,
  PARTIES,
  VECTORS,
} from '../../wire/testing/restock-examples.ts'
import {
  signPartnerNextKey,
  signRangeNotice,
  signRestockOrderUpdate,
} from '../../wire/testing/sign-notices.ts'
import { makeBadMessages } from './bad-messages.ts'
import { index, keep, readVector, signing, without } from './keep-vectors.ts'

makeKeys()
await makeGoodMessages('interop')
await makeGoodMessages('modern')
makeForeignMessage()
await makeBadMessages()
writeFileSync(new URL('index.json', VECTORS), `${JSON.stringify(indexFile(), indexed, 2)}\n`)

function makeKeys(): void {
  mkdirSync(new URL('keys/', VECTORS), { recursive: true })
  for (const party of PARTIES) {
    for (const use of ['sign', 'open'] as const) {
      if (existsSync(keyFile(party, use, 'private'))) continue
      const { privateKey: secret, publicKey: open } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const note = 'A worthless key: published for test vectors, it protects nothing.\n'
      writeFileSync(
        keyFile(party, use, 'private'),
        note + secret.export({ type: 'pkcs8', format: 'pem' }).toString(),
      )
      writeFileSync(
        keyFile(party, use, 'public'),
        note + open.export({ type: 'spki', format: 'pem' }).toString(),
      )
    }
  }
}

async function makeGoodMessages(suite: Suite): Promise<void> {
  const toAtlas = signing(suite, 'centre', 'atlas')
  const toCentre = signing(suite, 'atlas', 'centre')
  const messages = [
    ['RestockOrder', 'restock-order', 'centre', exampleOrder, await signRestockOrder(exampleOrder, toAtlas)],
    [
      'RestockOrderResponse',
      'restock-order-response',
      'atlas',
      exampleResponse,
      await signRestockOrderResponse(exampleResponse, toCentre),
    ],
    [
      'RestockDelivery',
      'restock-delivery',
      'atlas',
      exampleDelivery,
      await signRestockDelivery(exampleDelivery, examplePackedCodes(), toCentre),
    ],
    [
      'RestockReceipt',
      'restock-receipt',
      'centre',
      exampleReceipt,
      await signRestockReceipt(exampleReceipt, toAtlas),
    ],
    ...(await notices(toAtlas, toCentre)),
  ] as const
  for (const [message, name, from, content, made] of messages) {
    const file = `${name}.${suite}.xml`
    keep(file, () => made)
    good(file, message, suite, from, content)
  }
}

/** Everything but orders and deliveries. */
async function notices(toAtlas: RestockSigning, toCentre: RestockSigning) {
  return [
    [
      'RestockOrderUpdate',
      'restock-order-update',
      'atlas',
      exampleUpdate,
      await signRestockOrderUpdate(exampleUpdate, toCentre),
    ],
    [
      'LotActivation',
      'lot-activation',
      'atlas',
      exampleActivation,
      await signLotActivation(exampleActivation, toCentre),
    ],
    [
      'PartnerNextKey',
      'partner-next-key',
      'atlas',
      exampleNextKey,
      await signPartnerNextKey(exampleNextKey, toCentre),
    ],
    [
      'RangeNotice',
      'range-notice',
      'centre',
      exampleRangeNotice,
      await signRangeNotice(exampleRangeNotice, toAtlas),
    ],
    [
      'NoticeReceipt',
      'notice-receipt',
      'atlas',
      exampleNoticeReceipt,
      await signNoticeReceipt(exampleNoticeReceipt, toCentre),
    ],
    [
      'RestockNotUnderstood',
      'restock-not-understood',
      'atlas',
      exampleNotUnderstood,
      await signRestockNotUnderstood(exampleNotUnderstood, toCentre),
    ],
  ] as const
}

function good(file: string, message: string, suite: Suite, from: ExampleParty, content: object): void {
  const to = from === 'centre' ? 'atlas' : 'centre'
  const codes = message === 'RestockDelivery' ? { codes: exampleCodes.map((code) => code.digits) } : {}
  index.push({ file, message, suite, from, to, verdict: 'opens', content, ...codes })
}

/** A delivery that xmlsec1 encrypted and signed: a declaration in front, base64 in lines, `<a/>` for empty elements. */
function makeForeignMessage(): void {
  const file = 'restock-delivery.interop.by-xmlsec1.xml'
  keep(file, () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'vectors-'))
    try {
      const inFolder = (name: string) => path.join(folder, name)
      const own = readVector('restock-delivery.interop.xml')
      const emptied = (text: string) => text.replace(/(<(\w+:\w+)[^<>]*)><\/\2>/g, '$1/>')
      const encrypted = emptied(
        own
          .slice(own.indexOf('<xenc:EncryptedData'), own.indexOf('<ds:Signature '))
          .replace(/(<xenc:CipherValue>)[^<]*/g, '$1'),
      )
      writeFileSync(inFolder('block'), writeCodeBlock(exampleDelivery, examplePackedCodes()))
      writeFileSync(
        inFolder('template.xml'),
        encrypted.replaceAll('<xenc:CipherValue/>', '<xenc:CipherValue></xenc:CipherValue>'),
      )
      execFileSync('xmlsec1', [
        '--encrypt',
        ...['--pubkey-pem', fileURLToPath(keyFile('centre', 'open', 'public')), '--session-key', 'aes-256'],
        ...[
          '--binary-data',
          inFolder('block'),
          '--output',
          inFolder('encrypted.xml'),
          inFolder('template.xml'),
        ],
      ])
      const data = readFileSync(inFolder('encrypted.xml'), 'latin1')
        .replace(/^<\?xml[^>]*\?>\s*/, '')
        .trimEnd()
      const unsigned =
        own.slice(0, own.indexOf('<xenc:EncryptedData')) +
        data +
        emptied(
          own.slice(own.indexOf('<ds:Signature ')).replace(/(<ds:(?:Digest|Signature)Value>)[^<]*/g, '$1'),
        )
      writeFileSync(inFolder('unsigned.xml'), unsigned)
      execFileSync('xmlsec1', [
        '--sign',
        ...['--privkey-pem', fileURLToPath(keyFile('atlas', 'sign', 'private'))],
        ...['--output', inFolder('signed.xml'), inFolder('unsigned.xml')],
      ])
      return readFileSync(inFolder('signed.xml'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  good(file, 'RestockDelivery', 'interop', 'atlas', exampleDelivery)
}

function indexFile(): object {
  return {
    about:
      'Messages of the restock protocol and what must come of opening each. The keys are worthless. A message is opened by `to`, as one of partner `from` in `suite`, and as the message named. Amounts are whole minor units of their currency, as text, and so are entry numbers; hashes are in hexadecimal.',
    keys: Object.fromEntries(
      PARTIES.map((party) => [
        party,
        { sign: `keys/worthless-${party}-sign-*.pem`, open: `keys/worthless-${party}-open-*.pem` },
      ]),
    ),
    vectors: index.map((vector) =>
      vector.verdict === 'opens' ? { ...vector, payloadSha256: payloadHash(vector.file) } : vector,
    ),
  }
}

/** Of a message in canonical form this is the hash of its text without the signature; xmlsec1's is made canonical by hand. */
function payloadHash(file: string): string {
  const canonical = readVector(file)
    .replace(/^<\?xml[^>]*\?>\s*/, '')
    .trimEnd()
    .replace(/<([\w:]+)((?: [\w:]+="[^"]*")*)\/>/g, '<$1$2></$1>')
  return createHash('sha256').update(without(canonical, 'ds:Signature')).digest('hex')
}
