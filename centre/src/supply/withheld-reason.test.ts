import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import type { CentreSettings } from '../settings.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'
import { withheldReason } from './withheld-reason.ts'

const NOW_MS = 1_795_000_000_001
const terminal = {
  letter_number: 3n,
  letter_wanted: 1n,
  letter_ends_at: new Date(NOW_MS + 86_400_000),
} as SupplyTerminal
const needs = {
  clock: { nowMs: () => NOW_MS },
  settings: { ceilings: { codesPerHour: 77, codesPerDay: 99 } } as CentreSettings,
}
const [five, ten] = [{ product: productId('ATLAS-5') }, { product: productId('ATLAS-10') }]

test.each([
  ['order-not-verified', { reason: 'terminal-revoked', why: 'by-staff' }],
  ['no-safe-key', { reason: 'card-letter-needed', letter: 4 }],
  ['ceiling-exceeded', { reason: 'ceiling-exceeded', codes: 77, freeAtS: 1_795_003_601 }],
  ['runs-differ', { reason: 'no-stock', products: ['ATLAS-5', 'ATLAS-10'] }],
  ['not-as-ordered', { reason: 'no-stock', products: ['ATLAS-5', 'ATLAS-10'] }],
  ['codes-taken', { reason: 'no-stock', products: ['ATLAS-5', 'ATLAS-10'] }],
] as const)('"%s" of the vault is told as what the terminal can act on', (refusal, why) => {
  expect(withheldReason(needs, [five, ten, five], terminal, refusal)).toEqual(why)
})
