// A terminal's store in a folder of its own, with runs on board as a delivery lays them there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lotId, operatorId } from '@scratchless/voucher/ids'
import type { SealedRun } from '@scratchless/voucher/sealed-code'
import { sealedSize } from '@scratchless/voucher/sealed-code'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { insertRun } from '../src/safe/safe-run.sql.ts'
import { connectStore, type Store } from '../src/store/connect-store.ts'
import { insertRequest, nextSequence } from '../src/supply/request.sql.ts'
import { PRODUCT } from './fake-catalogue.ts'

export interface TestStore {
  readonly store: Store
  readonly path: string
  close(): void
}

export function testStore(): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  const path = join(folder, 'terminal.sqlite')
  const store = connectStore(path)
  return {
    store,
    path,
    close() {
      store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const DIGITS = 14

/** Lays a run into the safe, of 5 codes each filled with its place in the run; what is not named is as usual. */
export function layRun(
  store: Store,
  run: Partial<Omit<Parameters<typeof insertRun>[1], 'firstSerial' | 'codes'>> & {
    firstSerial?: number
  } = {},
): void {
  const delivery = run.delivery ?? nextSequence(store)
  if (delivery >= nextSequence(store)) {
    const frame = Buffer.of(delivery)
    insertRequest(store, { sequence: delivery, kind: 'supply-order', frame, payloadHash: frame, level: 1 }, 0)
  }
  const { count = 5, digits = DIGITS, firstSerial = 1_000 } = run
  const size = sealedSize(digits)
  const codes = Buffer.alloc(count * size)
  for (let index = 0; index < count; index++) codes.fill(index, index * size, (index + 1) * size)
  insertRun(store, {
    ...{ epoch: 1, operator: operatorId('atlas'), product: PRODUCT, lot: lotId('L000001') },
    expiresOn: '2027-12-31',
    ...run,
    ...{ delivery, count, digits },
    firstSerial: serialFromNumber(firstSerial),
    codes: codes as unknown as SealedRun<'retailer'>,
  })
}
