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

const read = (source: string) => canonicalReader(source)
const longest = 'x'.repeat(200)

test('a field has up to 200 characters, and may be empty', () => {
  expect(read(`<A>${longest}</A>`).field('A')).toBe(longest)
  expect(read('<A></A>').field('A')).toBe('')
  expect(read('<A></A>').optionalField('A')).toBe('')
  expect(() => read(`<A>${longest}x</A>`).field('A')).toThrow(new UnexpectedContent('</A> was expected at 3'))
})

test.each([
  ['<B>1</B>', '<A> was expected at 0'],
  ['<A>1', '</A> was expected at 3'],
  ['<A>1</B>', '</A> was expected at 3'],
  ['<A>1&gt;</A>', 'plain text was expected at 3'],
])('%s: %s', (source, problem) => {
  expect(() => read(source).field('A')).toThrow(new UnexpectedContent(problem))
})

test('an optional field that is there must be as every field', () => {
  expect(() => read('<A>1</B>').optionalField('A')).toThrow(UnexpectedContent)
  expect(read('<AB>1</AB>').optionalField('A')).toBeUndefined()
})

test('an attribute has its name, its end and up to 200 characters', () => {
  expect(read('<C u="">3</C>').fieldWith('C', 'u')).toEqual({ attribute: '', text: '3' })
  expect(read(`<C u="${longest}">3</C>`).fieldWith('C', 'u')?.attribute).toBe(longest)
  expect(read('<C v="x">3</C>').fieldWith('C', 'u')).toBeUndefined()
  expect(read('<C>3</C>').fieldWith('C', 'u')).toBeUndefined()
  const problem = new UnexpectedContent('an attribute was expected at 6')
  for (const source of [
    `<C u="${longest}x">3</C>`,
    '<C u="x" w="y">3</C>',
    '<C u="x',
    '<C u="x"',
    '<C u="x"/>',
  ])
    expect(() => read(source).fieldWith('C', 'u')).toThrow(problem)
  expect(() => read('<C u="x">3</D>').fieldWith('C', 'u')).toThrow('</C> was expected at 9')
})

test('a list ends where another name begins, and each of its items at its own end', () => {
  const broken = read('<D>1</D><D>2</D><E>3</E>')
  expect(() => broken.list('D', () => 0)).toThrow('</D> was expected at 3')
  const whole = read('<D><F>1</F></D><D><F>2</F></D><E>3</E>')
  expect(whole.list('D', () => whole.field('F'))).toEqual(['1', '2'])
  expect(whole.list('D', () => whole.field('F'))).toEqual([])
  expect(whole.field('E')).toBe('3')
  whole.end()
})

test('exactly the text that is expected is stepped over', () => {
  const reader = read('<A><B>1</B></A>')
  reader.expect('<A>')
  expect(reader.field('B')).toBe('1')
  expect(() => reader.expect('<A>')).toThrow(new UnexpectedContent('<A> was expected at 11'))
  reader.expect('</A>')
  reader.end()
  expect(() => reader.expect('</A>')).toThrow('</A> was expected at 15')
})

test('a raw element is taken as it stands, tags included', () => {
  const reader = read('<A>1</A><X a="1"><Y></Y></X><A>2</A>')
  expect(() => reader.rawElement('<X ', '</X>')).toThrow(new UnexpectedContent('<X  was expected at 0'))
  reader.field('A')
  expect(() => reader.rawElement('<X ', '</Z>')).toThrow(new UnexpectedContent('</Z> was expected at 8'))
  expect(reader.rawElement('<X ', '</X>')).toBe('<X a="1"><Y></Y></X>')
  expect(reader.field('A')).toBe('2')
  reader.end()
})

test('what is left over is said', () => {
  const reader = canonicalReader('<A>1</A><B></B>')
  reader.field('A')
  expect(() => reader.end()).toThrow(new UnexpectedContent('the end was expected at 8'))
})
