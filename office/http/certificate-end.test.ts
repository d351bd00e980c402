import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { generatePair } from '@scratchless/keys/party-keys'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { endingCertificate, watchCertificate } from './certificate-end.ts'

const MADE = Date.parse('2026-11-22T10:00:00.000Z')
const DAY_MS = 86_400_000
const END = MADE + 397 * DAY_MS
let pem: string

beforeAll(async () => {
  const needs = { clock: { nowMs: () => MADE }, random: systemRandom }
  const authority = generatePair('tls-authority')
  const authorityPem = await createAuthority('atlas', authority, needs)
  const { publicKey } = generatePair('tls')
  pem = await issueTlsCertificate(
    { party: 'atlas', publicKey, authorityPem, authorityKey: authority.privateKey },
    needs,
  )
})
afterEach(() => {
  vi.useRealTimers()
})

test('a certificate is worth a word from 30 days before its end', () => {
  expect(endingCertificate(pem, END - 30 * DAY_MS - 1)).toBeNull()
  expect(endingCertificate(pem, END - 30 * DAY_MS)).toEqual({ endsOn: '2027-12-24', days: 30 })
  expect(endingCertificate(pem, END - DAY_MS / 2)).toEqual({ endsOn: '2027-12-24', days: 0 })
  expect(endingCertificate(pem, END + 1)).toEqual({ endsOn: '2027-12-24', days: -1 })
})

test('people are told at the start and each day, until it is stopped', () => {
  vi.useFakeTimers()
  let now = END - 32 * DAY_MS
  const told: number[] = []
  const watch = watchCertificate(pem, { nowMs: () => now }, ({ days }) => told.push(days))
  for (let day = 0; day < 4; day++) {
    now += DAY_MS
    vi.advanceTimersByTime(DAY_MS)
  }
  watch.stop()
  vi.advanceTimersByTime(2 * DAY_MS)
  expect(told).toEqual([30, 29, 28])
  watchCertificate(pem, { nowMs: () => now }, ({ days }) => told.push(days)).stop()
  expect(told).toEqual([30, 29, 28, 28])
})
