// Supply orders as the shop makes and follows them.

import { contract } from '@scratchless/program/contract/contract'
import { z } from 'zod'
import { productField } from '../till/till-shapes.ts'

const supplyOrderForm = z.strictObject({
  lines: z.array(z.strictObject({ product: productField, quantity: z.int().min(1).max(1_000) })).max(100),
})

const supplyOrderShape = z.strictObject({
  /** Its place in the terminal's sequence; 0 before it has one. */
  sequence: z.int(),
  atMs: z.int(),
  lines: z.array(z.strictObject({ product: productField, quantity: z.int(), delivered: z.int() })).readonly(),
  state: z.enum(['sending', 'delivered', 'receipted', 'refused']),
  /** The centre's reason. */
  refusal: z.string().nullable(),
})
export type SupplyOrderView = Readonly<z.output<typeof supplyOrderShape>>

const supplyOrdersShape = z.strictObject({ supplyOrders: z.array(supplyOrderShape).readonly() })
export type SupplyOrdersView = Readonly<z.output<typeof supplyOrdersShape>>

export const supplyOrdersContract = contract({
  order: {
    method: 'POST',
    path: '/api/supply-orders',
    body: supplyOrderForm,
    answer: supplyOrderShape,
    refusals: {
      'signed-out': 401,
      'no-lines': 409,
      'too-many-lines': 409,
      'too-many-codes': 409,
      'product-twice': 409,
      'unknown-product': 409,
      'cap-exceeded': 409,
    },
    act: 'order-supply',
    audit: 'supply-ordered',
  },
  /** The latest, newest first, at most 20. */
  supplyOrders: {
    method: 'GET',
    path: '/api/supply-orders',
    answer: supplyOrdersShape,
    refusals: { 'signed-out': 401 },
    act: 'order-supply',
    audit: null,
  },
})
