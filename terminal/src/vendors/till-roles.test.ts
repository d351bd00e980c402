import { expect, test } from 'vitest'
import { salesContract } from '../sale/sales-contract.ts'
import { enrolmentContract } from '../supply/enrolment-contract.ts'
import { supplyOrdersContract } from '../supply/supply-orders-contract.ts'
import { tillContract } from '../till/till-contract.ts'
import { mayDo, TILL_ROLES, type TillRole } from './till-roles.ts'
import { vendorsContract } from './vendors-contract.ts'

const ROOMS = { tillContract, vendorsContract, enrolmentContract, supplyOrdersContract, salesContract }

/** Written by hand: who gets past the door of which route. */
const WHO_MAY: Readonly<Record<string, string>> = {
  'GET /api/state': 'nobody owner vendor',
  'GET /api/home': 'vendor',
  'GET /api/status': 'nobody owner vendor',
  'POST /api/sign-in': 'nobody owner vendor',
  'POST /api/lock': 'nobody owner vendor',
  'POST /api/vendors': 'owner',
  'POST /api/enrolment': 'nobody owner vendor',
  'POST /api/enrolment/poll': 'nobody owner vendor',
  'POST /api/supply-orders': 'vendor',
  'GET /api/supply-orders': 'vendor',
  'POST /api/sales': 'vendor',
  'POST /api/sales/:number/doubt': 'vendor',
  'GET /api/journal': 'vendor',
}

test('each route lets in whom the table names, and nobody else', () => {
  const roles: TillRole[] = ['nobody', 'owner', 'vendor']
  const found = Object.values(ROOMS)
    .flatMap((room) => Object.values(room))
    .map(({ method, path, act }) => [`${method} ${path}`, roles.filter((role) => mayDo(act, role)).join(' ')])
  expect(Object.fromEntries(found)).toEqual(WHO_MAY)
})

test('every act that has a role is some route’s, and an unknown one is nobody’s', () => {
  const acts = Object.values(ROOMS).flatMap((room) => Object.values(room).map(({ act }) => act as string))
  expect(new Set(acts)).toEqual(new Set(Object.keys(TILL_ROLES)))
  for (const role of ['nobody', 'owner', 'vendor'] as const) {
    expect(mayDo('refund', role)).toBe(false)
    expect(mayDo('toString', role)).toBe(false)
  }
})
