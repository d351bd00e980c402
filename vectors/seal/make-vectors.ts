// Writes vectors/seal: code boxes that open, and those that do not. Run by hand, and only when the box changes on
// purpose.
//
//   node vectors/seal/make-vectors.ts

import { writeFileSync } from 'node:fs'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { sealedSize } from '@scratchless/voucher/sealed-code'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { encodeContext, openCode, sealForTerminal } from '@scratchless/wire/seal/code-box'
import { codeKey, sealedCodeAt } from '../../wire/testing/as-card.ts'
import * as example from '../../wire/testing/supply-examples.ts'
import { altered } from '../supply/keep-vectors.ts'

const context = example.deliveredRunContext
const firstSerial = serialNumber('104822773901')
const codes = ['00000000000001', '40715593826014', '99999999999999']
const size = packedSize(14)
const packed = Buffer.alloc(codes.length * size)
codes.forEach((digits, i) => {
  packDigits(Buffer.from(digits, 'latin1'), packed, i * size)
})
const sealed = sealForTerminal(example.safeKey, context, firstSerial, packed)
const goodBoxes = codes.map((code, i) => {
  const serial = serialAt(firstSerial, i)
  return {
    verdict: 'good',
    context: { ...context, serial },
    code,
    packed: packed.subarray(i * size, (i + 1) * size).toString('hex'),
    encodedContext: encodeContext(context, serial).toString('hex'),
    codeKey: codeKey(example.safeKey, { ...context, serial })
      .export()
      .toString('hex'),
    sealed: Buffer.from(sealedCodeAt(sealed, i, 14)).toString('hex'),
  }
})
const long = { ...context, product: 'SAHEL-5', operator: 'sahel', digits: 16 } as never as typeof context
const longPacked = Buffer.alloc(packedSize(16))
packDigits(Buffer.from('0012345678901234', 'latin1'), longPacked)
const longSealed = sealForTerminal(example.safeKey, long, firstSerial, longPacked)
goodBoxes.push({
  verdict: 'good',
  context: { ...long, serial: firstSerial },
  code: '0012345678901234',
  packed: longPacked.toString('hex'),
  encodedContext: encodeContext(long, firstSerial).toString('hex'),
  codeKey: codeKey(example.safeKey, { ...long, serial: firstSerial })
    .export()
    .toString('hex'),
  sealed: Buffer.from(longSealed).toString('hex'),
})
const first = { ...context, serial: firstSerial }
const box = Buffer.from(sealedCodeAt(sealed, 0, 14))
const flipped = (at: number) =>
  altered(box, (copy) => {
    copy[at]! ^= 1
  }).toString('hex')
const bad = (says: string, change: object, sealedHex = box.toString('hex')) => ({
  verdict: 'does-not-open',
  says,
  context: { ...first, ...change },
  sealed: sealedHex,
})
const tooLarge = Buffer.from('5af3107a4000', 'hex') // 10^14: fifteen digits
const badBoxes = [
  bad('first bit of the ciphertext', {}, flipped(0)),
  bad('last bit of the tag', {}, flipped(sealedSize(14) - 1)),
  bad('tag cut by a byte', {}, box.subarray(0, -1).toString('hex')),
  bad('a byte more', {}, `${box.toString('hex')}00`),
  bad('another terminal', { terminal: 'T00002' }),
  bad('another epoch', { epoch: 13 }),
  bad('another operator', { operator: 'sahel' }),
  bad('another product', { product: 'ATLAS-1' }),
  bad('another lot', { lot: 'L000002' }),
  bad('another delivery', { delivery: 5 }),
  bad('the serial after', { serial: serialAt(firstSerial, 1) }),
  bad('another length of the same size', { digits: 13 }),
  bad(
    'well sealed, but 10^14 has fifteen digits',
    {},
    Buffer.from(sealForTerminal(example.safeKey, context, firstSerial, tooLarge)).toString('hex'),
  ),
]
for (const { context: where, sealed: bytes, verdict } of [...goodBoxes, ...badBoxes]) {
  const opened = openCode(
    codeKey(example.safeKey, where as never),
    Buffer.from(bytes, 'hex') as never,
    where.digits,
  )
  if ((opened === 'does-not-open') !== (verdict === 'does-not-open'))
    throw new Error('a vector is not what it says')
}
writeFileSync(
  new URL('index.json', import.meta.url),
  `${JSON.stringify(
    {
      safeKey: example.safeKey.export().toString('hex'),
      nonce: '00'.repeat(12),
      vectors: [...goodBoxes, ...badBoxes],
    },
    null,
    2,
  )}\n`,
)
process.stdout.write(`${goodBoxes.length + badBoxes.length} code boxes\n`)
