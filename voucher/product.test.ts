import { expect, test } from 'vitest'
import { CODE_DIGITS, PRODUCT_ID, productId, REFILL_TEMPLATE } from './product.ts'

test.each(['ATLAS-5', 'A1-0', 'AB-1234567', 'ABCDEFGHIJ-1', 'A123456789-10'])(
  '%s names a product',
  (text) => {
    expect(productId(text)).toBe(text)
  },
)

test.each([
  'A-5',
  'ABCDEFGHIJK-5',
  'ATLAS-',
  'ATLAS-12345678',
  'ATLAS5',
  'atlas-5',
  '1ATLAS-5',
  'ATLAS_X-5',
  'ATLAS-5X',
  ' ATLAS-5',
  'ATLAS-5 ',
  'ATLAS-5\n',
  '',
])('%j names none', (text) => {
  expect(() => productId(text)).toThrow(new TypeError(`not a product: ${JSON.stringify(text)}`))
  expect(PRODUCT_ID.test(text)).toBe(false)
})

test('a long text is not repeated whole in the complaint', () => {
  expect(() => productId('x'.repeat(61))).toThrow(
    new TypeError(`not a product: ${JSON.stringify('x'.repeat(60))}`),
  )
})

test('codes have ten to eighteen digits', () => {
  expect(CODE_DIGITS).toEqual({ min: 10, max: 18 })
})

test.each([
  '*123*{code}#',
  '*{code}',
  '#0123456789*{code}',
  '123456789012{code}123456789012',
  '*1*{code}*2#',
])('%s can be dialled', (text) => {
  expect(REFILL_TEMPLATE.test(text)).toBe(true)
})

test.each([
  '{code}',
  '*123*',
  '*123*{code}{code}#',
  '1234567890123{code}',
  '*{code}1234567890123',
  'call *123*{code}#',
  '*123*{code}# now',
  '*123*{CODE}#',
  '*12+{code}#',
  '*123*{code}#\n',
])('%j cannot', (text) => {
  expect(REFILL_TEMPLATE.test(text)).toBe(false)
})
