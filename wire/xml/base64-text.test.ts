import { expect, test } from 'vitest'
import { decodeBase64 } from './base64-text.ts'

test('line breaks of any toolkit are passed over', () => {
  expect(decodeBase64('QUJD\nREVG')?.toString()).toBe('ABCDEF')
  expect(decodeBase64('QUJD&#xD;\nREVG')?.toString()).toBe('ABCDEF')
})

test('digits of every kind and both paddings are read, and nothing is nothing', () => {
  expect(decodeBase64('AZaz09+/')?.toString('hex')).toBe('0196b3d3dfbf')
  expect(decodeBase64('QUI=')?.toString()).toBe('AB')
  expect(decodeBase64('QQ==')?.toString()).toBe('A')
  expect(decodeBase64('\tQ U\r\nJD\n')?.toString()).toBe('ABC')
  expect(decodeBase64('')).toEqual(Buffer.alloc(0))
})

test.each([
  'QUJDREV',
  '*QUJDREV',
  'QUJ D*',
  'Q===',
  'QUJD====',
  'QUJ\u00a0',
  'QUJ',
  'QUJD*',
  'QU=D',
  '====',
  'QUJD-_--',
  '&#xA;QUJD',
])('%s is no base64', (text) => {
  expect(decodeBase64(text)).toBeNull()
})
