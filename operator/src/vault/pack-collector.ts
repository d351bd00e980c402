// Rows of a stock file, gathered into packs: consecutive serials of one product and expiry date, as the file has
// them. A gap ends a pack; scattered serials make packs of one.

import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { MAX_LINES, type StockProduct, type StockRow } from './stock-file.ts'
import { MAX_PACK_CODES, type OpenPack } from './stock-sealing.ts'

interface Gathering {
  readonly product: StockRow['product']
  readonly codeDigits: number
  readonly expiresOn: string
  /** Packed codes so far; one buffer for all packs of this lot, zeroed whenever one is taken. */
  readonly packed: Buffer
  readonly lines: Uint32Array
  firstSerial: number
  count: number
}

/** Lots that gather at once. A file with more of them mixed row by row is taken all the same, in smaller packs. */
const MAX_GATHERING = 64
const LINE_BYTES = 4

interface PackCollector {
  add(row: StockRow): void
  /** Packs that are complete since the last call, or all where the file has ended. Their taker zeroes them. */
  take(all: boolean): OpenPack[]
  /** Codes in complete packs that nobody has taken. */
  readonly waiting: number
  /** The line of the code at `place` of the `pack`-th pack taken, from 0. */
  lineOf(pack: number, place: number): number
  wipe(): void
}

export function packCollector(products: ReadonlyMap<string, StockProduct>): PackCollector {
  const gathering = new Map<string, Gathering>()
  let complete: OpenPack[] = []
  let waiting = 0
  // A line for each code in the order of the packs, and where each pack begins: eight bytes a code at most.
  const lines = growingNumbers()
  const starts = growingNumbers()

  function close(lot: Gathering): void {
    if (lot.count === 0) return
    const bytes = lot.count * packedSize(lot.codeDigits)
    starts.push(lines.length())
    for (let place = 0; place < lot.count; place++) lines.push(lot.lines[place]!)
    const { product, codeDigits, expiresOn, firstSerial } = lot
    const packed = Buffer.from(lot.packed.subarray(0, bytes))
    complete.push({ product, codeDigits, expiresOn, firstSerial, packed })
    waiting += lot.count
    lot.packed.fill(0, 0, bytes)
    lot.count = 0
  }

  function closeAll(): void {
    for (const lot of gathering.values()) close(lot)
  }

  function lotOf(row: StockRow): Gathering {
    const name = `${row.product} ${row.expiresOn}`
    const known = gathering.get(name)
    if (known) return known
    if (gathering.size >= MAX_GATHERING) {
      closeAll()
      gathering.clear()
    }
    const { codeDigits } = products.get(row.product)!
    const lot: Gathering = {
      product: row.product,
      codeDigits,
      expiresOn: row.expiresOn,
      packed: Buffer.alloc(MAX_PACK_CODES * packedSize(codeDigits)),
      lines: new Uint32Array(MAX_PACK_CODES),
      firstSerial: 0,
      count: 0,
    }
    gathering.set(name, lot)
    return lot
  }

  return {
    add(row) {
      const lot = lotOf(row)
      if (lot.count === MAX_PACK_CODES || row.serial !== lot.firstSerial + lot.count) close(lot)
      if (lot.count === 0) lot.firstSerial = row.serial
      packDigits(row.code, lot.packed, lot.count * packedSize(lot.codeDigits))
      lot.lines[lot.count++] = row.line
    },
    take(all) {
      if (all) closeAll()
      const taken = complete
      complete = []
      waiting = 0
      return taken
    },
    get waiting() {
      return waiting
    },
    lineOf: (pack, place) => lines.at(starts.at(pack) + place),
    wipe() {
      for (const lot of gathering.values()) lot.packed.fill(0)
      for (const pack of complete) pack.packed.fill(0)
    },
  }
}

/** 32-bit numbers that grow in place: no second copy while a million lines are read. */
function growingNumbers() {
  const buffer = new ArrayBuffer(0, { maxByteLength: MAX_LINES * LINE_BYTES })
  const numbers = new Uint32Array(buffer)
  let length = 0
  const step = 65_536
  return {
    length: () => length,
    at: (index: number) => numbers[index]!,
    push(value: number) {
      if (length === numbers.length)
        buffer.resize(Math.min(buffer.maxByteLength, buffer.byteLength + step * LINE_BYTES))
      numbers[length++] = value
    },
  }
}
