import { expect, test } from 'vitest'
import { canonicalReader, UnexpectedContent } from './canonical-reader.ts'

test('fields, optional fields, attributes and lists are read in their order', () => {
  const reader = canonicalReader('<A>1</A><C u="x">3</C><D><E>4</E></D><D><E>5</E></D>')
  expect(reader.field('A')).toBe('1')
  expect(reader.optionalField('B')).toBeUndefined()
  expect(reader.fieldWith('C', 'u')).toEqual({ attribute: 'x', text: '3' })
  expect(reader.list('D', () => reader.field('E'))).toEqual(['4', '5'])
  reader.end()
})

test.each([
  ['another name', '<B>1</B>'],
  ['white space in front', ' <A>1</A>'],
  ['an attribute', '<A b="1">1</A>'],
  ['markup within', '<A><b></b></A>'],
  ['an escaped character', '<A>&amp;</A>'],
  ['no end', '<A>1'],
  ['another end', '<A>1</AB>'],
  ['text longer than any field', `<A>${'1'.repeat(201)}</A>`],
])('%s is not the field that was expected', (_what, source) => {
  expect(() => canonicalReader(source).field('A')).toThrow(UnexpectedContent)
})

test('what is left over is said', () => {
  const reader = canonicalReader('<A>1</A><B></B>')
  reader.field('A')
  expect(() => reader.end()).toThrow(UnexpectedContent)
})
