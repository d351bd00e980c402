// How a centre reads what a terminal's key signed: of today, of tomorrow, and of no kind at all.

import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from '../compact/cbor.ts'
import { sign1 } from '../compact/cose.ts'
import { readFrame, writeFrame } from '../compact/frame.ts'
import { integer, record } from '../compact/shape.ts'
import * as example from '../testing/supply-examples.ts'
import { verifyAnswer } from './answer.ts'
import { type Binding, externalData, openSigned, supplyMessage } from './envelope.ts'
import { LEVEL } from './level.ts'
import { oneCodeOrderMessage } from './one-code-order.ts'
import { orderIn, readRequest } from './request.ts'
import { statusRequest } from './status-request.ts'
import { supplyOrderMessage } from './supply-order.ts'
import { supplyRefusalMessage } from './supply-refusal.ts'

const asks: Binding = { terminal: example.terminal, sequence: 4, answering: null }
function signed(kind: number, payload: CborValue) {
  const external = externalData(kind, example.terminal, 4, null)
  const message = sign1(encodeCbor(payload), external, example.terminalSigner)
  return readFrame(writeFrame({ kind, sequence: 4, message }))!
}
const open = (kind: number, payload: CborValue) =>
  openSigned(signed(kind, payload), example.terminalVerifier, asks)
function read(kind: number, payload: CborValue) {
  const opened = open(kind, payload)
  return opened === 'unacceptable' ? 'not opened' : readRequest(opened)
}

describe('a signed request', () => {
  it('of this level is read as what it is', () => {
    expect(read(11, [LEVEL, 3])).toMatchObject({ kind: 'status-request', content: { asked: 3 } })
    expect(read(23, [LEVEL])).toMatchObject({ kind: 'balance-request', content: {} })
  })

  it('of a level or kind to come was not understood, whatever else it says', () => {
    expect(read(11, [LEVEL + 1, 'anything', 5])).toBe('not-understood')
    expect(read(11, [255])).toBe('not-understood')
    for (const kind of [31, 64, 127]) expect(read(kind, [LEVEL, 1])).toBe('not-understood')
  })

  it('of another shape than its level has, or of a kind that is no request, is none', () => {
    expect(read(11, [LEVEL])).toBe('unacceptable')
    expect(read(11, [LEVEL, 3, 0])).toBe('unacceptable')
    for (const kind of [1, 2, 4, 13, 14, 15, 17, 19, 24]) expect(read(kind, [LEVEL, 1])).toBe('unacceptable')
  })

  it('without a level, or of a kind that no level will have, is not opened', () => {
    for (const payload of [[], [0, 3], [256, 3], ['1', 3], [-1, 3], 1, { toString: () => '' } as never])
      if (typeof payload !== 'object' || Array.isArray(payload))
        expect(read(11, payload as CborValue), JSON.stringify(payload)).toBe('not opened')
    for (const kind of [0, 128, 255]) expect(read(kind, [LEVEL, 3])).toBe('not opened')
  })

  it('that another key signed, or for another place, is not opened', () => {
    const frame = signed(64, [LEVEL])
    expect(openSigned(frame, example.centreVerifier, asks)).toBe('unacceptable')
    expect(openSigned(frame, example.terminalVerifier, { ...asks, sequence: 5 })).toBe('unacceptable')
    expect(openSigned({ ...frame, kind: 65 }, example.terminalVerifier, asks)).toBe('unacceptable')
  })

  it('orders in either of two forms', () => {
    const line = { product: example.catalogue.products[0]!.id, unitPriceMinor: 4_750n }
    const one = oneCodeOrderMessage.sign({ expiresAtS: 9, ...line }, example.terminalSigner, asks)
    const opened = openSigned(readFrame(one.frame)!, example.terminalVerifier, asks)
    const request = opened === 'unacceptable' ? opened : readRequest(opened)
    if (typeof request === 'string') throw new Error(request)
    expect(orderIn(request)).toEqual({
      ...{ expiresAtS: 9, because: 'person', lines: [{ ...line, quantity: 1 }] },
    })
    const order = supplyOrderMessage.sign(example.supplyOrder(2), example.terminalSigner, asks)
    const verified = supplyOrderMessage.verify(readFrame(order.frame)!, example.terminalVerifier, asks)
    if (verified === 'unacceptable') throw new Error(verified)
    expect(orderIn(verified)).toEqual(example.supplyOrder(2))
  })
})

describe('a reader of the next level', () => {
  const next = supplyMessage(
    'status-request',
    record({ asked: integer(1, 9) }, { why: { since: 2, shape: integer(0, 9), before: 0 } }),
    2,
  )
  const read2 = (payload: CborValue) => next.verify(signed(11, payload), example.terminalVerifier, asks)

  it('takes what this level writes, and its own', () => {
    expect(read2(encodeOf({ asked: 3 }))).toMatchObject({ content: { asked: 3, why: 0 } })
    expect(read2([2, 3, 7])).toMatchObject({ content: { asked: 3, why: 7 } })
    for (const payload of [
      [1, 3, 7],
      [2, 3],
      [3, 3, 7],
    ])
      expect(read2(payload)).toBe('unacceptable')
  })

  it('writes at the level that its peer knows', () => {
    const said = (level?: number) =>
      next.sign({ asked: 3, why: 7 }, example.terminalSigner, { ...asks, ...(level && { level }) })
    const frame = readFrame(said(1).frame)!
    expect(readOf(frame)).toMatchObject({ content: { asked: 3 } })
    expect(readOf(readFrame(said().frame)!)).toBe('not-understood')
  })

  const encodeOf = (content: { asked: number }) => [LEVEL, ...(statusRequest.toLine(content) as CborValue[])]
  const readOf = (frame: Parameters<typeof openSigned>[0]) => {
    const opened = openSigned(frame, example.terminalVerifier, asks)
    return opened === 'unacceptable' ? opened : readRequest(opened)
  }
})

describe('an answer', () => {
  const answered: Binding = { ...asks, answering: Buffer.alloc(32, 3) }

  it('of a level above the one asked with is unacceptable', () => {
    const next = supplyMessage('supply-refusal', supplyRefusalMessage.shape, 2)
    const { frame } = next.sign(example.supplyRefusal, example.centreSigner, answered)
    const at = (level: number) =>
      next.verify(readFrame(frame)!, example.centreVerifier, { ...answered, level })
    expect(at(2)).toMatchObject({ content: example.supplyRefusal })
    expect(at(1)).toBe('unacceptable')
    // Nobody reads above the level that he knows, whatever he asked with.
    const ours = { ...answered, level: 2 }
    expect(verifyAnswer('claim', readFrame(frame)!, example.centreVerifier, ours)).toBe('unacceptable')
    expect(verifyAnswer('claim', readFrame(frame)!, example.centreVerifier, answered)).toBe('unacceptable')
  })
})
