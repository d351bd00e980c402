import { expect, test } from 'vitest'
import { decodeBase64 } from './base64-text.ts'

test('line breaks of any toolkit are passed over', () => {
  expect(decodeBase64('QUJD\nREVG')?.toString()).toBe('ABCDEF')
  expect(decodeBase64('QUJD&#xD;\nREVG')?.toString()).toBe('ABCDEF')
})

test.each(['QUJ', 'QUJD*', 'QU=D', '====', 'QUJD-_--', '&#xA;QUJD'])('%s is no base64', (text) => {
  expect(decodeBase64(text)).toBeNull()
})
