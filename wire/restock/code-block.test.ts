import { packDigits } from '@scratchless/voucher/packed-code'
import { serialNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import { exampleCodes, exampleDelivery, examplePackedCodes } from '../testing/restock-examples.ts'
import { blockBelongs, type CodeBlockHeader, readCodeBlock, writeCodeBlock } from './code-block.ts'

const header: CodeBlockHeader = {
  sender: exampleDelivery.sender,
  receiver: exampleDelivery.receiver,
  id: exampleDelivery.id,
  lot: exampleDelivery.lot,
  product: exampleDelivery.product,
  codeDigits: exampleDelivery.codeDigits,
  runs: exampleDelivery.runs,
}

test('the examples are packed as voucher packs them', () => {
  for (const { digits, packedHex } of exampleCodes) {
    const packed = Buffer.alloc(6)
    packDigits(Buffer.from(digits), packed)
    expect(packed.toString('hex')).toBe(packedHex)
  }
})

test('a block is read as it was written, and its codes are a view to zero', () => {
  const block = writeCodeBlock(header, examplePackedCodes())
  const read = readCodeBlock(block)
  expect(read?.header).toEqual(header)
  expect(read?.packedCodes.equals(examplePackedCodes())).toBe(true)
  read?.packedCodes.fill(0)
  expect(block.subarray(-30).equals(Buffer.alloc(30))).toBe(true)
})

test('the layout is the one of the protocol page', () => {
  expect(writeCodeBlock(header, examplePackedCodes()).toString('hex')).toBe(
    '53434231' +
      '61746c6173000000000000000000000000000000' +
      '63656e7472650000000000000000000000000000' +
      '3f1c2a9052be4c1d8e770a1b2c3d4e5f' +
      '4c303030303031000000' +
      '41544c41532d3500000000000000000000000000' +
      '0e' +
      '00000005' +
      '00000002' +
      '0000075bcd150003' +
      '0000075bcd200002' +
      '2507d681bede' +
      '00000000002a' +
      '5af3107a3fff' +
      '0b3a73ce2ff2' +
      '4008f184f3d4',
  )
})

test('too few or too many codes for the runs are not written', () => {
  expect(() => writeCodeBlock(header, examplePackedCodes().subarray(1))).toThrow(
    new RangeError('the packed codes are not as many bytes as the runs need'),
  )
})

test('a block cut anywhere, or with a byte more, is refused and never throws', () => {
  const block = writeCodeBlock(header, examplePackedCodes())
  for (let length = 0; length < block.length; length++) {
    expect(readCodeBlock(block.subarray(0, length))).toBeNull()
  }
  expect(readCodeBlock(Buffer.concat([block, Buffer.alloc(1)]))).toBeNull()
})

test('any changed byte of the header is refused or belongs to another delivery', () => {
  const block = writeCodeBlock(header, examplePackedCodes())
  for (let at = 0; at < 99 + 16; at++) {
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(block)
      changed[at] = changed[at]! ^ bit
      const read = readCodeBlock(changed)
      expect([at, read !== null && blockBelongs(read.header, header)]).toEqual([at, false])
    }
  }
})

test('codes belong to their delivery only, whichever field differs', () => {
  const others: Partial<CodeBlockHeader>[] = [
    { codeDigits: 13 },
    { runs: header.runs.slice(1) },
    { runs: [{ firstSerial: serialNumber('000123456789'), count: 3 }] },
    { runs: [header.runs[1]!, header.runs[0]!] },
    { runs: [header.runs[0]!, { ...header.runs[1]!, count: 3 }] },
    { runs: [header.runs[0]!, { ...header.runs[1]!, firstSerial: serialNumber('000123456801') }] },
  ]
  expect(blockBelongs(header, header)).toBe(true)
  for (const other of others) expect(blockBelongs({ ...header, ...other }, header)).toBe(false)
})
