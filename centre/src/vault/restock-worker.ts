// The vault's worker thread for restock deliveries: opens a part, looks at its codes and closes them for the centre,
// so that the thread that answers terminals never waits for ten thousand codes. Clear codes live and die in here.

import { randomUUID } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { connectTokenKeys } from '@scratchless/keys/pkcs11-keys'
import { beginSealing, closePack, type SealedPack } from '@scratchless/office/vault/closing'
import { fingerprintsOf } from '@scratchless/office/vault/fingerprint'
import { writeLotRecord } from '@scratchless/office/vault/lot-record'
import { serveJobs } from '@scratchless/program/worker-threads'
import { luhnHolds } from '@scratchless/voucher/check-digit'
import { packedSize, unpackDigits } from '@scratchless/voucher/packed-code'
import { systemRandom } from '@scratchless/voucher/random'
import {
  type SerialNumber,
  type SerialRange,
  serialAt,
  serialFromNumber,
  serialToNumber,
} from '@scratchless/voucher/serial'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'
import { wipeTraces } from '@scratchless/voucher/wiped-traces'
import { codesOf } from '@scratchless/wire/restock/code-run'
import { type RestockDelivery, verifyRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { tokenUnwrappingKey, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { fingerprintCopy, placesByFingerprint } from './fingerprint-copy.ts'
import type { ExaminedPart, OpenedPart, RestockJob, RestockJobs, RestockWorkerData } from './restock-jobs.ts'

/** Codes of one pack: the unit in which both journals count. */
const MAX_PACK_CODES = 1_000

const { centre, partners, keys } = workerData as RestockWorkerData
const { unwrapSource } = keys
const unwrappingKey =
  'token' in unwrapSource
    ? tokenUnwrappingKey(connectTokenKeys(unwrapSource.token, unwrapSource.pin).holder('restock-unwrap'))
    : unwrappingKeyOf(unwrapSource.privateKey)

serveJobs({ open: openAndClose, examine } satisfies RestockJobs)

function open({ operator, bytes }: Pick<RestockJob, 'operator' | 'bytes'>) {
  const partner = partners.find((one) => one.operator === operator)
  if (partner === undefined) throw new Error(`no partner ${operator}`)
  return verifyRestockDelivery(bytes, {
    partner: { id: operator, suite: partner.suite, level: partner.level, verifyKey: partner.verifyKey },
    self: centre,
    unwrappingKey,
  })
}

async function examine(job: Omit<RestockJob, 'luhnProducts'>): Promise<ExaminedPart> {
  const opened = await open(job)
  if ('refusal' in opened) return opened
  opened.packedCodes.fill(0)
  wipeTraces()
  return { codes: codesOf(opened.content.runs) }
}

async function openAndClose(job: RestockJob): Promise<OpenedPart> {
  const { operator, luhnProducts } = job
  const fingerprintKey = keys.fingerprint.get(operator)
  if (fingerprintKey === undefined) throw new Error(`no partner ${operator}`)
  const opened = await open(job)
  if ('refusal' in opened) return opened
  const { content, payloadHash, packedCodes } = opened
  try {
    const malformed = findMalformed(packedCodes, content, luhnProducts.includes(content.product))
    const fingerprints = fingerprintsOf(fingerprintKey, operator, packedCodes, content.codeDigits)
    const binding = {
      holderKind: 'centre',
      holder: centre,
      operator,
      product: content.product,
      lot: content.lot,
    } as const
    const sealing = beginSealing(binding, systemRandom)
    const packs = packsOf(content.runs)
    const size = packedSize(content.codeDigits)
    let at = 0
    const sealed: SealedPack<'centre'>[] = packs.map(({ firstSerial, count }) => {
      const codes = packedCodes.subarray(at * size, (at + count) * size)
      at += count
      return closePack(sealing, firstSerial, codes, content.codeDigits)
    })
    const record = writeLotRecord(randomUUID(), sealing, content.codeDigits, {
      holder: keys.stock,
      macKey: keys.macKey,
    })
    const places = placesByFingerprint(fingerprints)
    return {
      content,
      payloadHash,
      malformed,
      repeated: findRepeated(fingerprints, packedCodes, content),
      fingerprints,
      fingerprintText: `{${Array.from(places, (place) => fingerprints[place]).join(',')}}`,
      fingerprintRows: fingerprintCopy(fingerprints, serialsOf(content.runs), places),
      packs: sealed,
      record,
    }
  } finally {
    packedCodes.fill(0)
    wipeTraces()
  }
}

/** Runs, cut into packs. */
function packsOf(runs: readonly SerialRange[]): SerialRange[] {
  return runs.flatMap(({ firstSerial, count }) =>
    Array.from({ length: Math.ceil(count / MAX_PACK_CODES) }, (_, index) => ({
      firstSerial: serialAt(firstSerial, index * MAX_PACK_CODES),
      count: Math.min(MAX_PACK_CODES, count - index * MAX_PACK_CODES),
    })),
  )
}

/** Whether a code has more digits than its product, or another check digit than it should. */
function findMalformed(packedCodes: Buffer, { codeDigits }: RestockDelivery, luhn: boolean): boolean {
  const size = packedSize(codeDigits)
  const scratch = wipeableBytes(size)
  const ascii = wipeableBytes(codeDigits)
  let malformed = false
  for (let at = 0; at < packedCodes.length && !malformed; at += size) {
    packedCodes.copy(scratch, 0, at, at + size)
    malformed = !unpackDigits(scratch, codeDigits, ascii) || (luhn && !luhnHolds(ascii))
  }
  scratch.fill(0)
  ascii.fill(0)
  return malformed
}

/** Serials whose code stands earlier in the same part. */
function findRepeated(
  fingerprints: Float64Array,
  packedCodes: Buffer,
  { runs, codeDigits }: RestockDelivery,
): SerialNumber[] {
  const size = packedSize(codeDigits)
  const codeAt = (index: number) => packedCodes.subarray(index * size, (index + 1) * size)
  const earlier = new Map<number, number[]>()
  const repeated: number[] = []
  for (let index = 0; index < fingerprints.length; index++) {
    const same = earlier.get(fingerprints[index]!)
    if (same === undefined) {
      earlier.set(fingerprints[index]!, [index])
      continue
    }
    if (same.some((other) => codeAt(other).equals(codeAt(index)))) repeated.push(index)
    else same.push(index)
  }
  const serials = serialsOf(runs)
  return repeated.map((index) => serialFromNumber(serials[index]!))
}

/** The serial of each code, as a number, in the order of the codes. */
function serialsOf(runs: readonly SerialRange[]): Float64Array {
  const serials = new Float64Array(codesOf(runs))
  let at = 0
  for (const { firstSerial, count } of runs) {
    const first = serialToNumber(firstSerial)
    for (let place = 0; place < count; place++) serials[at++] = first + place
  }
  return serials
}
