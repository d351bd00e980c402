import { expect, test } from 'vitest'
import { salesContract } from '../src/sale/sales-contract.ts'
import { enrolmentContract } from '../src/supply/enrolment-contract.ts'
import { supplyOrdersContract } from '../src/supply/supply-orders-contract.ts'
import { tillContract } from '../src/till/till-contract.ts'
import { TILL_LOCKS } from '../src/till/till-shapes.ts'
import { vendorsContract } from '../src/vendors/vendors-contract.ts'
import { words } from './words.ts'

/** What the http shell itself refuses with, whatever the route. */
const OF_THE_SHELL = [
  'invalid',
  'bad-request',
  'too-large',
  'unsupported-content-type',
  'not-here',
  'not-found',
  'too-many-requests',
]

test('each of both languages has every word', () => {
  expect(Object.keys(words.en).sort()).toEqual(Object.keys(words.fr).sort())
  for (const language of [words.fr, words.en])
    for (const [key, text] of Object.entries(language)) expect(text.trim(), key).not.toBe('')
})

test('whatever the till may refuse has a sentence of its own', () => {
  const routes = [tillContract, vendorsContract, enrolmentContract, supplyOrdersContract, salesContract]
    .flatMap((room) => Object.values(room))
    .flatMap(({ refusals }) => Object.keys(refusals))
  const codes = [...new Set([...routes, ...TILL_LOCKS, ...OF_THE_SHELL])]
  expect(codes.length).toBeGreaterThan(25)
  expect(codes.filter((code) => !(`refusal_${code}` in words.fr))).toEqual([])
})

test('whatever stops a terminal has words for why', () => {
  const reasons = ['by-staff', 'retired', 'replaced', 'stolen', 'two-journals', 'content-altered']
  const all = [...reasons, 'retailer-suspended', 'behind-card']
  expect(all.filter((why) => !(`stop_${why}` in words.fr))).toEqual([])
})

test('both languages fill the same gaps', () => {
  const gaps = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
  for (const key of Object.keys(words.fr) as (keyof typeof words.fr)[])
    expect(gaps(words.en[key]), key).toEqual(gaps(words.fr[key]))
})
