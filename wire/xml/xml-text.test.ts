import { expect, test } from 'vitest'
import { canonicalBytes } from './strict-document.ts'
import { escapeText, field, optionalField } from './xml-text.ts'

test('text is escaped as its canonical form has it, wherever it needs to be', () => {
  expect(escapeText('a & b & c')).toBe('a &amp; b &amp; c')
  expect(escapeText('<<>>')).toBe('&lt;&lt;&gt;&gt;')
  expect(escapeText('\r\n\r')).toBe('&#xD;\n&#xD;')
  expect(escapeText('"\'\té')).toBe('"\'\té')
  expect(escapeText('&lt;')).toBe('&amp;lt;')
  const written = `<a>${escapeText('1 < 2 & 3 > 2 \r "é" \'\t')}</a>`
  expect(canonicalBytes(Buffer.from(written), 1_000).toString()).toBe(written)
})

test('a field is its name around its text, an optional one is not there without it', () => {
  expect(field('Name', 'A & B')).toBe('<Name>A &amp; B</Name>')
  expect(field('Count', 20)).toBe('<Count>20</Count>')
  expect(field('Empty', '')).toBe('<Empty></Empty>')
  expect(optionalField('Name', '<')).toBe('<Name>&lt;</Name>')
  expect(optionalField('Empty', '')).toBe('<Empty></Empty>')
  expect(optionalField('Name', undefined)).toBe('')
})
