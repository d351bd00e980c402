import { expect, test } from 'vitest'
import { amountOr400 } from './retailer-routes.ts'

test('an amount is read in its currency, and one that is none names its field', () => {
  expect(amountOr400('1.5', 'TND', 'amount')).toEqual({ amountMinor: 1_500n, currency: 'TND' })
  const refusal = (text: string) => {
    try {
      return amountOr400(text, 'XOF', 'tax')
    } catch (problem) {
      return problem
    }
  }
  // The franc has no decimals.
  expect(refusal('1.5')).toMatchObject({
    ...{ status: 400, code: 'invalid', details: [{ field: 'tax', rule: 'not_an_amount' }] },
  })
  expect(refusal('15')).toEqual({ amountMinor: 15n, currency: 'XOF' })
})
