// What makes a well signed restock message refused all the same, clause by clause, and what is wiped.

import { centreId, operatorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ExampleParty,
  exampleDelivery,
  exampleOrder,
  examplePackedCodes,
  exampleReceipt,
  exampleResponse,
  privateKey,
  publicKey,
} from '../testing/restock-examples.ts'
import * as decrypting from '../xml/decrypt.ts'
import { encryptData } from '../xml/encrypt.ts'
import { signingKeyOf, unwrappingKeyOf } from '../xml/rsa-keys.ts'
import type { Suite } from '../xml/suites.ts'
import * as blocks from './code-block.ts'
import { type CodeBlockHeader, readCodeBlock, writeCodeBlock } from './code-block.ts'
import { signRestockDelivery, verifyRestockDelivery } from './restock-delivery.ts'
import { readOrNull, signMessage } from './restock-envelope.ts'
import {
  INVALID_MESSAGE_ANSWER,
  RESTOCK_CONTENT_TYPE,
  RESTOCK_PATH,
  STRANGER_ANSWER,
} from './restock-http.ts'
import { MAX_MESSAGE_BYTES, peekRestockMessage, RESTOCK_NAMESPACE } from './restock-messages.ts'
import { signRestockOrder, verifyRestockOrder } from './restock-order.ts'
import {
  type RestockOrderResponse,
  signRestockOrderResponse,
  verifyRestockOrderResponse,
} from './restock-order-response.ts'
import type { RestockSigning, RestockVerifying } from './restock-partner.ts'
import { signRestockReceipt, verifyRestockReceipt } from './restock-receipt.ts'

vi.mock(import('../xml/decrypt.ts'), async (original) => {
  const real = await original()
  return { ...real, decryptData: vi.fn(real.decryptData) }
})
vi.mock(import('./code-block.ts'), async (original) => {
  const real = await original()
  return { ...real, writeCodeBlock: vi.fn(real.writeCodeBlock) }
})
beforeEach(() => {
  vi.clearAllMocks()
})

function signing(from: ExampleParty, to: ExampleParty, suite: Suite = 'modern'): RestockSigning {
  return {
    suite,
    signingKey: signingKeyOf(privateKey(from, 'sign')),
    level: 1,
    receiverKey: publicKey(to, 'open'),
    random: systemRandom,
  }
}
function verifying(from: ExampleParty, to: ExampleParty, suite: Suite = 'modern'): RestockVerifying {
  const idOf = (party: ExampleParty) => (party === 'centre' ? centreId(party) : operatorId(party))
  return {
    partner: { id: idOf(from), suite, level: 1, verifyKey: publicKey(from, 'sign') },
    self: idOf(to),
    unwrappingKey: unwrappingKeyOf(privateKey(to, 'open')),
  }
}
const asOperator = verifying('centre', 'atlas')
const asCentre = verifying('atlas', 'centre')
const head = `<AuditHead><N>1</N><Hash>${'ab'.repeat(32)}</Hash></AuditHead>`
const { id } = exampleOrder
const other = '5a9d1b70-0f63-4e0b-a6a4-9c8b7a695847'

/** An order's inner text, with one thing another. */
function inner(change: Partial<Record<'id' | 'sender' | 'receiver' | 'rest' | 'name', string>> = {}): string {
  const { id: innerId = id, sender = 'centre', receiver = 'atlas', name = 'RestockOrder' } = change
  const rest =
    change.rest ??
    `${head}<ExpiresAt>2026-11-23T08:00:00.000Z</ExpiresAt><Depot>main</Depot><Line><LineNo>1</LineNo><Product>ATLAS-5</Product><Quantity>5</Quantity></Line>`
  return `<${name}Content xmlns="${RESTOCK_NAMESPACE}"><Id>${innerId}</Id><Sender>${sender}</Sender><Receiver>${receiver}</Receiver>${rest}</${name}Content>`
}
/** An order whose parts are put together by hand and truly signed. */
async function order(
  innerText: string,
  header: Partial<typeof exampleOrder> = {},
  trailing = '',
): Promise<Buffer> {
  const body = encryptData(Buffer.from(innerText), 'element', signing('centre', 'atlas')) + trailing
  return signMessage('RestockOrder', { ...exampleOrder, ...header }, body, signing('centre', 'atlas'))
}
const refusalOf = async (bytes: Buffer | Promise<Buffer>, as = asOperator) => {
  const result = await verifyRestockOrder(await bytes, as)
  return 'refusal' in result ? result.refusal : 'taken'
}

describe('an order that is truly signed', () => {
  it('is taken as it should be', async () => {
    expect(await refusalOf(order(inner()))).toBe('taken')
  })

  it('has a header of its partner, for us, in the suite agreed', async () => {
    const header = { sender: 'other' as typeof exampleOrder.sender }
    expect(await refusalOf(order(inner({ sender: 'other' }), header))).toBe('header-differs')
    const receiver = { receiver: operatorId('sahel') }
    expect(await refusalOf(order(inner({ receiver: 'sahel' }), receiver))).toBe('header-differs')
    // Signed in one suite around what was encrypted in the other.
    const body = encryptData(Buffer.from(inner()), 'element', signing('centre', 'atlas'))
    const mixed = { ...signing('centre', 'atlas'), suite: 'interop' as const }
    const bytes = await signMessage('RestockOrder', exampleOrder, body, mixed)
    expect(await refusalOf(bytes, verifying('centre', 'atlas', 'modern'))).toBe('signature-shape')
    expect(await refusalOf(bytes, verifying('centre', 'atlas', 'interop'))).toBe('not-decrypted')
  })

  it('has a header that is looked at before the rest of it', async () => {
    const wrong = { sender: 'other' as typeof exampleOrder.sender }
    expect(await refusalOf(order(inner(), wrong, '<More></More>'))).toBe('header-differs')
    expect(await refusalOf(order(inner(), {}, '<More></More>'))).toBe('content-invalid')
    expect(await refusalOf(order(inner(), { issuedAt: '2026-11-22' }))).toBe('content-invalid')
  })

  it.each([
    ['id', { id: other }],
    ['sender', { sender: 'sahel' }],
    ['receiver', { receiver: 'sahel' }],
  ])('has inside the %s that it has outside', async (_what, change) => {
    expect(await refusalOf(order(inner(change)))).toBe('inner-header-differs')
  })

  it.each([
    [
      'a line twice',
      inner({
        rest: `${head}<ExpiresAt>2026-11-23T08:00:00.000Z</ExpiresAt><Depot>main</Depot>${'<Line><LineNo>1</LineNo><Product>ATLAS-5</Product><Quantity>5</Quantity></Line>'.repeat(2)}`,
      }),
    ],
    ['no line', inner({ rest: `${head}<ExpiresAt>2026-11-23T08:00:00.000Z</ExpiresAt><Depot>main</Depot>` })],
    ['something more', inner().replace('</RestockOrderContent>', '<More></More></RestockOrderContent>')],
    ['another name', inner({ name: 'RestockReceipt' })],
    ['another namespace', inner().replace(RESTOCK_NAMESPACE, 'urn:other')],
    ['a comment', inner().replace('<Id>', '<!-- --><Id>')],
    ['no end', inner().slice(0, -1)],
    ['nothing', ''],
    ['a quantity above its bound', inner().replace('>5<', '>1000001<')],
    // The inner header is compared last: what is no content at all says so first.
    ['another id and no line', inner({ id: other, rest: head })],
  ])('has no content of its kind inside with %s', async (_what, text) => {
    expect(await refusalOf(order(text))).toBe('inner-content-invalid')
  })

  it('is closed for us', async () => {
    const body = encryptData(Buffer.from(inner()), 'element', signing('centre', 'sahel'))
    const bytes = await signMessage('RestockOrder', exampleOrder, body, signing('centre', 'atlas'))
    expect(await refusalOf(bytes)).toBe('not-decrypted')
  })

  it('is as long as its kind may be', async () => {
    expect(MAX_MESSAGE_BYTES).toEqual({
      LotActivation: 1_048_576,
      NoticeReceipt: 1_048_576,
      PartnerNextKey: 65_536,
      RangeNotice: 1_048_576,
      RestockNotUnderstood: 65_536,
      RestockOrderUpdate: 65_536,
      RestockOrder: 65_536,
      RestockOrderResponse: 65_536,
      RestockDelivery: 1_048_576,
      RestockReceipt: 1_048_576,
    })
    const bytes = await order(inner())
    const padded = (length: number) =>
      Buffer.from(bytes.toString().replace('><Header>', `${' '.repeat(length - bytes.length)}><Header>`))
    expect(await refusalOf(padded(65_536))).toBe('taken')
    expect(await refusalOf(padded(65_537))).toBe('too-large')
  })
})

describe('the other answers', () => {
  it('come back with what they have and without what they have not', async () => {
    const line = { lineNo: 1, product: exampleDelivery.product, quantityAccepted: 0, backOrder: 0 }
    const answer: RestockOrderResponse = {
      ...exampleResponse,
      verdict: 'refused',
      reason: 'no-line-accepted',
      lines: [{ ...line, reason: 'unknown-product' }],
    }
    const bytes = await signRestockOrderResponse(answer, signing('atlas', 'centre'))
    expect(await verifyRestockOrderResponse(bytes, asCentre)).toMatchObject({ content: answer })
    const refused = { ...exampleReceipt, verdict: 'refused', reason: 'code-known', count: 0 } as const
    const receipt = await signRestockReceipt(refused, signing('centre', 'atlas'))
    expect(await verifyRestockReceipt(receipt, asOperator)).toMatchObject({ content: refused })
  })
})

describe('the codes of a delivery', () => {
  const sign = () => signRestockDelivery(exampleDelivery, examplePackedCodes(), signing('atlas', 'centre'))

  it('are wiped from the block when it is closed, also where signing fails', async () => {
    await sign()
    const failing = { sign: () => Promise.reject(new Error('the token is gone')) }
    await expect(
      signRestockDelivery(exampleDelivery, examplePackedCodes(), {
        ...signing('atlas', 'centre'),
        signingKey: failing,
      }),
    ).rejects.toThrow('the token is gone')
    const made = vi.mocked(writeCodeBlock).mock.results.map(({ value }) => value as Buffer)
    expect(made.map((block) => block.length > 99 && block.equals(Buffer.alloc(block.length)))).toEqual([
      true,
      true,
    ])
  })

  it('are handed out by themselves where all is well, and wiped where it is not', async () => {
    const good = await verifyRestockDelivery(await sign(), asCentre)
    expect(good).toMatchObject({ packedCodes: examplePackedCodes() })
    const signed = signing('atlas', 'centre')
    const refused = async (block: Buffer) => {
      const { runs: _, ...header } = exampleDelivery
      vi.mocked(blocks.writeCodeBlock).mockReturnValueOnce(block)
      const bytes = await signRestockDelivery(
        { ...header, runs: exampleDelivery.runs },
        examplePackedCodes(),
        signed,
      )
      vi.mocked(decrypting.decryptData).mockClear()
      const result = await verifyRestockDelivery(bytes, asCentre)
      const plaintext = (await vi.mocked(decrypting.decryptData).mock.results[0]!.value) as Buffer
      expect(plaintext.equals(Buffer.alloc(plaintext.length))).toBe(true)
      return 'refusal' in result && result.refusal
    }
    const header = exampleDelivery as CodeBlockHeader
    const runs = [{ ...header.runs[0]!, count: 5 }]
    expect(await refused(writeCodeBlock({ ...header, runs }, examplePackedCodes()))).toBe(
      'inner-header-differs',
    )
    expect(await refused(Buffer.alloc(150, 1))).toBe('inner-content-invalid')
  })
})

describe('a block of codes', () => {
  const header = exampleDelivery as CodeBlockHeader
  const block = (more: Partial<CodeBlockHeader> = {}, codes = examplePackedCodes()) =>
    writeCodeBlock({ ...header, ...more }, codes)
  const many = (count: number) => {
    const runs = [{ ...header.runs[0]!, count }]
    return block({ runs }, Buffer.alloc(count * 6))
  }

  it('holds up to 10,000 codes, in up to as many runs as codes', () => {
    expect(readCodeBlock(many(10_000))?.header.runs).toMatchObject([{ count: 10_000 }])
    expect(readCodeBlock(many(10_001))).toBeNull()
    const empty = { ...header.runs[0]!, count: 0 }
    const runs = [{ ...header.runs[0]!, count: 1 }, empty]
    expect(readCodeBlock(block({ runs }, Buffer.alloc(6)))).toBeNull()
    expect(readCodeBlock(block({ runs: [] }, Buffer.alloc(0)))).toMatchObject({ header: { runs: [] } })
    expect(readCodeBlock(block({ runs: [] }, Buffer.alloc(0)).subarray(0, 98))).toBeNull()
  })

  it('is none where its counts do not agree with its runs', () => {
    const changed = block()
    changed.writeUInt16BE(4, 99 + 6)
    expect(readCodeBlock(changed)).toBeNull()
  })

  it('may have names as long as their place', () => {
    const sender = operatorId('abcdefghij0123456789')
    expect(readCodeBlock(block({ sender }))?.header.sender).toBe(sender)
  })

  it('is none with a serial beyond the last', () => {
    const changed = block()
    changed.writeUIntBE(1_000_000_000_000, 99, 6)
    expect(readCodeBlock(changed)).toBeNull()
    changed.writeUIntBE(999_999_999_999, 99, 6)
    expect(readCodeBlock(changed)?.header.runs[0]).toMatchObject({ firstSerial: '999999999999' })
  })
})

const signedOrder = (await signRestockOrder(exampleOrder, signing('centre', 'atlas'))).toString()

describe('what may be read of a message that nobody verified', () => {
  const text = signedOrder
  const peek = (given: string) => peekRestockMessage(Buffer.from(given))

  it('is its name, suite, id and parties', () => {
    const routing = {
      unverified: true,
      message: 'RestockOrder',
      suite: 'modern',
      level: 1,
      id,
      sender: 'centre',
      receiver: 'atlas',
    }
    expect(peek(text)).toEqual(routing)
    expect(peek(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)).toEqual(routing)
    const whole = Buffer.from(`xx${text}`)
    expect(peekRestockMessage(whole.subarray(2))).toEqual(routing)
  })

  it('is the same of one whose name or level we do not know', () => {
    const later = text.replace('RestockOrder ', 'RestockForecast ').replace('<Level>1<', '<Level>99<')
    expect(peek(later)).toMatchObject({ message: 'RestockForecast', level: 99, id })
    expect(peek(text.replace('RestockOrder ', `R${'a'.repeat(39)} `))).toMatchObject({ id })
  })

  it('is nothing of one that is not ours', () => {
    for (const other of [
      text.replace('RestockOrder ', 'restockOrder '),
      text.replace('RestockOrder ', `${'R'.repeat(41)} `),
      text.replace('<Level>1<', '<Level>0<'),
      text.replace('<Level>1<', '<Level>100<'),
      text.replace('<Level>1</Level>', ''),
      text.replace('>modern<', '>md5-bridge<'),
      text.replace('restock:1', 'restock:2'),
      text.replace('<Header>', '<Header >'),
      text.replace(id, id.toUpperCase()),
      text.replace('>centre<', '>CENTRE<'),
      text.replace('>atlas<', `>${'a'.repeat(21)}<`),
      text.replace('08:00:00.000Z', '08:00:00Z'),
      ` ${text}`,
      `<?xml version="1.0"?>${' '.repeat(5)}${text}`,
      `<?xml version="1.0"${' '.repeat(60)}?>${text}`,
      text.replace('xmlns=', `${' '.repeat(400)}xmlns=`),
    ])
      expect(peek(other)).toBeNull()
  })

  it('stands within the first 600 bytes', () => {
    const longest = (spaces: number) => `<?xml${' '.repeat(spaces)}?>${text}`
    expect(peek(longest(61))).toMatchObject({ id })
    const headerEnds = text.indexOf('</Header>') + '</Header>'.length
    expect(peekRestockMessage(Buffer.from(text).subarray(0, headerEnds))).toMatchObject({ id })
    expect(peekRestockMessage(Buffer.from(text).subarray(0, headerEnds - 1))).toBeNull()
  })
})

describe('on the line', () => {
  it('a message goes to one place as one kind, and a refusal teaches nothing', () => {
    expect([RESTOCK_PATH, RESTOCK_CONTENT_TYPE]).toEqual(['/restock', 'application/xml'])
    const plain = { contentType: 'text/plain; charset=utf-8' }
    expect(STRANGER_ANSWER).toEqual({ ...plain, status: 403, body: Buffer.from('forbidden\n') })
    expect(INVALID_MESSAGE_ANSWER).toEqual({ ...plain, status: 400, body: Buffer.from('invalid message\n') })
  })

  it("a reader's own fault is not taken for a bad message", () => {
    expect(() =>
      readOrNull(() => {
        throw new RangeError('our own')
      }),
    ).toThrow(RangeError)
  })
})
