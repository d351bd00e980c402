import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { type ApprovalField, signApproval, verifyApprovals } from './approval.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [amel, sami, leila] = [pair(), pair(), pair()]
const ring = new Map([
  ['amel', amel.publicKey],
  ['sami', sami.publicKey],
  ['leila', leila.publicKey],
])
const ACT = 'certify-terminal'
const FIELDS: ApprovalField[] = ['T1', 'A', 7n, 3, Uint8Array.of(1, 2)]
const by = (approver: string, { privateKey }: typeof amel, fields = FIELDS) => ({
  approver,
  signature: signApproval(privateKey, ACT, fields),
})
const check = (approvals: ReturnType<typeof by>[], fields = FIELDS) =>
  verifyApprovals(ring, ACT, fields, approvals)

test('a signature has 64 bytes, and two or three people who all agree are enough', () => {
  expect(by('amel', amel).signature).toHaveLength(64)
  expect(check([by('amel', amel), by('sami', sami)])).toBe('approved')
  expect(check([by('amel', amel), by('sami', sami), by('leila', leila)])).toBe('approved')
})

test('nobody, one, or one twice is not', () => {
  expect(check([])).toBe('one-approver-only')
  expect(check([by('amel', amel)])).toBe('one-approver-only')
  expect(check([by('amel', amel), by('amel', amel)])).toBe('one-approver-only')
})

test('one signature that does not hold spoils two that do, wherever it stands', () => {
  const [one, two, wrong] = [by('amel', amel), by('sami', sami), by('leila', amel)]
  for (const approvals of [
    [wrong, one, two],
    [one, wrong, two],
    [one, two, wrong],
  ])
    expect(check(approvals)).toBe('wrong-signature')
  expect(check([one, two, { ...two, signature: two.signature.subarray(0, 63) }])).toBe('wrong-signature')
})

test('an unknown approver is said first, a wrong signature next', () => {
  const unknown = by('nobody', leila)
  expect(check([unknown, by('amel', sami)])).toBe('unknown-approver')
  expect(check([by('amel', amel), by('sami', sami), unknown])).toBe('unknown-approver')
  expect(check([by('amel', sami)])).toBe('wrong-signature')
})

test.each<[string, ApprovalField[]]>([
  ['a text that ends elsewhere', ['T', '1A', 7n, 3, Uint8Array.of(1, 2)]],
  ['another number', ['T1', 'A', 8n, 3, Uint8Array.of(1, 2)]],
  ['other bytes', ['T1', 'A', 7n, 3, Uint8Array.of(1, 3)]],
  ['a field less', ['T1', 'A', 7n, 3]],
  ['two fields the other way round', ['A', 'T1', 7n, 3, Uint8Array.of(1, 2)]],
])('%s is another act', (_what, fields) => {
  expect(check([by('amel', amel), by('sami', sami)], fields)).toBe('wrong-signature')
})
