// What an order costs on the line: all framed bytes both ways (order, delivery, receipt, acknowledgement), counted
// on the socket between the running terminal and the running centre, against the same codes as one COSE object each.
// And what a state report costs with its acknowledgement, against the most that it may.

import fs from 'node:fs'
import { encodeCbor, Tagged } from '@scratchless/wire/compact/cbor'
import * as example from '../../wire/testing/supply-examples.ts'
import { loadTills } from '../demo/fill-till.ts'
import { orderCodes } from '../demo/sell.ts'
import type { Market } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { type SlowLine, startSlowLine } from '../line/slow-line.ts'
import { withBenchMarket } from './bench-market.ts'
import { rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const PRODUCT = 'ATLAS-1'
/** A modem of 2,400 bit/s with eight bits, no parity, one stop bit. */
const MODEM_BYTES_PER_SECOND = 240
/** The most that a state report of nine products may cost, its acknowledgement included. */
const MAX_STATE_REPORT_BYTES = 330
/** 14 digits in six bytes, and the tag. */
const SEALED_BYTES = 22

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  yield stateReport()
  let line: SlowLine | null = null
  // The line lies between terminal and centre from the first frame.
  const layLine = async (settings: Market['settings']) => {
    for (const { config } of settings.terminals) {
      const known = JSON.parse(fs.readFileSync(config, 'utf8'))
      line = await startSlowLine({ to: known.centre.frames, bytesPerSecond: null, delayMs: 0 })
      const centre = { ...known.centre, transport: 'frames', frames: { host: '127.0.0.1', port: line.port } }
      fs.writeFileSync(config, JSON.stringify({ ...known, centre }))
    }
  }
  try {
    yield* await withBenchMarket(options, layLine, (market) => measure(market, line!))
  } finally {
    await (line as SlowLine | null)?.stop()
  }
}

async function* measure(market: Market, line: SlowLine): AsyncIterable<BenchLine> {
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  const [till] = await loadTills(market, () => {})

  for (const quantity of [20, 50]) {
    line.reset()
    await orderCodes(till!.vendor, [{ product: PRODUCT, quantity }])
    const { up, down } = line.passed
    const bytes = up + down
    const reference = bytes - quantity * SEALED_BYTES + quantity * naiveBytes()
    yield {
      bench: `line ${quantity} codes`,
      value: bytes,
      unit: 'bytes',
      against: 'the same with one COSE_Encrypt0 object a code',
      reference,
      ratio: rounded(bytes / reference),
      up,
      down,
    }
  }

  line.reset()
  line.setPace(MODEM_BYTES_PER_SECOND)
  const began = performance.now()
  await orderCodes(till!.vendor, [{ product: PRODUCT, quantity: 50 }])
  const seconds = (performance.now() - began) / 1000
  line.setPace(null)
  const carried = (line.passed.up + line.passed.down) / MODEM_BYTES_PER_SECOND
  yield {
    bench: 'line 50 codes at 240 bytes a second',
    value: rounded(seconds),
    unit: 's',
    against: 'the bytes themselves at that pace',
    reference: rounded(carried),
    ratio: rounded(seconds / carried),
    bytes: line.passed.up + line.passed.down,
  }
}

function stateReport(): BenchLine {
  const { up, down } = example.stateReportOnLine()
  return {
    bench: 'line state report of nine products',
    value: up + down,
    unit: 'bytes',
    against: 'the most that it may cost',
    reference: MAX_STATE_REPORT_BYTES,
    ratio: rounded((up + down) / MAX_STATE_REPORT_BYTES),
    up,
    down,
  }
}

/** Serial and code as an object of its own: algorithm, 12-byte nonce, ciphertext and tag (RFC 9052, 5.2). */
function naiveBytes(): number {
  const header = encodeCbor(new Map([[1, 3]]))
  const nonce = new Map([[5, new Uint8Array(12)]])
  return encodeCbor([100_000_000_000, new Tagged(16, [header, nonce, new Uint8Array(SEALED_BYTES)])]).length
}
