// The only encrypted content of a delivery: its codes, packed, behind a header that ties them to the signed
// message around them. XML Encryption's GCM carries no associated data; this header stands in for it.

import {
  type CentreId,
  centreId,
  type LotId,
  lotId,
  type MessageId,
  messageId,
  type OperatorId,
  operatorId,
} from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { type ProductId, productId } from '@scratchless/voucher/product'
import { type SerialRange, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { codesOf } from './code-run.ts'
import { MAX_PART_CODES } from './restock-fields.ts'

/** What the block repeats of its delivery, and must repeat exactly. */
export interface CodeBlockHeader {
  readonly sender: OperatorId
  readonly receiver: CentreId
  readonly id: MessageId
  readonly lot: LotId
  readonly product: ProductId
  readonly codeDigits: number
  readonly runs: readonly SerialRange[]
}

// Byte layout; whole numbers are big-endian, texts are ASCII filled up with zero bytes.
//
//   at  size
//    0     4   "SCB1"
//    4    20   sender
//   24    20   receiver
//   44    16   delivery id, the bytes of the UUID
//   60    10   lot
//   70    20   product
//   90     1   digits of a code, D
//   91     4   number of codes, N
//   95     4   number of runs, R
//   99   R×8   runs: first serial (6 bytes), number of codes (2 bytes)
//    …   N×P   codes in the order of the runs: each P = ceil(D × log2 10 / 8) bytes
const MAGIC = Buffer.from('SCB1')
const AT = {
  sender: 4,
  receiver: 24,
  id: 44,
  lot: 60,
  product: 70,
  digits: 90,
  codes: 91,
  runs: 95,
  firstRun: 99,
} as const
const RUN_BYTES = 8
const SERIAL_BYTES = 6

/** Throws a RangeError where the codes are not the runs'. The caller zeroes both buffers after use. */
export function writeCodeBlock(header: CodeBlockHeader, packedCodes: Uint8Array): Buffer {
  const codes = codesOf(header.runs)
  if (packedCodes.length !== codes * packedSize(header.codeDigits))
    throw new RangeError('the packed codes are not as many bytes as the runs need')
  const codesAt = AT.firstRun + header.runs.length * RUN_BYTES
  const block = Buffer.alloc(codesAt + packedCodes.length)
  MAGIC.copy(block)
  block.write(header.sender, AT.sender, 'ascii')
  block.write(header.receiver, AT.receiver, 'ascii')
  block.write(header.id.replaceAll('-', ''), AT.id, 'hex')
  block.write(header.lot, AT.lot, 'ascii')
  block.write(header.product, AT.product, 'ascii')
  block.writeUInt8(header.codeDigits, AT.digits)
  block.writeUInt32BE(codes, AT.codes)
  block.writeUInt32BE(header.runs.length, AT.runs)
  for (const [index, run] of header.runs.entries()) {
    const at = AT.firstRun + index * RUN_BYTES
    block.writeUIntBE(serialToNumber(run.firstSerial), at, SERIAL_BYTES)
    block.writeUInt16BE(run.count, at + SERIAL_BYTES)
  }
  block.set(packedCodes, codesAt)
  return block
}

/**
 * Reads a block; null where it has another layout. `packedCodes` is a view into the block, which the caller
 * zeroes after use.
 */
export function readCodeBlock(block: Buffer): { header: CodeBlockHeader; packedCodes: Buffer } | null {
  if (block.length < AT.firstRun || !block.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const codes = block.readUInt32BE(AT.codes)
  const runCount = block.readUInt32BE(AT.runs)
  const codeDigits = block.readUInt8(AT.digits)
  if (codes > MAX_PART_CODES || runCount > codes) return null
  const codesAt = AT.firstRun + runCount * RUN_BYTES
  if (block.length !== codesAt + codes * packedSize(codeDigits)) return null
  try {
    const header: CodeBlockHeader = {
      sender: operatorId(paddedText(block, AT.sender, AT.receiver)),
      receiver: centreId(paddedText(block, AT.receiver, AT.id)),
      id: messageId(uuidText(block.subarray(AT.id, AT.lot))),
      lot: lotId(paddedText(block, AT.lot, AT.product)),
      product: productId(paddedText(block, AT.product, AT.digits)),
      codeDigits,
      runs: Array.from({ length: runCount }, (_, index) => {
        const at = AT.firstRun + index * RUN_BYTES
        return {
          firstSerial: serialFromNumber(block.readUIntBE(at, SERIAL_BYTES)),
          count: block.readUInt16BE(at + SERIAL_BYTES),
        }
      }),
    }
    return codesOf(header.runs) === codes ? { header, packedCodes: block.subarray(codesAt) } : null
  } catch (error) {
    // A name of another shape (TypeError) or a serial past the last (RangeError): the names' own parsers say so.
    if (error instanceof TypeError || error instanceof RangeError) return null
    throw error
  }
}

/** Whether a block belongs to the delivery that it came in: every repeated field is equal. */
export function blockBelongs(block: CodeBlockHeader, delivery: CodeBlockHeader): boolean {
  return (
    block.sender === delivery.sender &&
    block.receiver === delivery.receiver &&
    block.id === delivery.id &&
    block.lot === delivery.lot &&
    block.product === delivery.product &&
    block.codeDigits === delivery.codeDigits &&
    block.runs.length === delivery.runs.length &&
    block.runs.every(
      (run, index) =>
        run.firstSerial === delivery.runs[index]!.firstSerial && run.count === delivery.runs[index]!.count,
    )
  )
}

function paddedText(block: Buffer, from: number, to: number): string {
  const text = block.toString('latin1', from, to)
  const end = text.indexOf('\0')
  // Bytes after the first zero would be a second spelling: leave them in, and the name's parser refuses.
  return end >= 0 && /^\0+$/.test(text.slice(end)) ? text.slice(0, end) : text
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
