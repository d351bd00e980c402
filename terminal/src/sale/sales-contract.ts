// Selling, what a person then found on the paper, and the latest sales.

import { contract, type RefusalOf } from '@scratchless/program/contract/contract'
import { z } from 'zod'
import { productField, saleIdField, saleShape } from '../till/till-shapes.ts'

const saleForm = z.strictObject({ saleId: saleIdField, product: productField })
export type SaleForm = z.output<typeof saleForm>

/** The person looked at the paper. */
const doubtForm = z.strictObject({ answer: z.enum(['came-out', 'did-not-come-out']) })
export type DoubtForm = z.output<typeof doubtForm>

const journalShape = z.strictObject({ sales: z.array(saleShape).readonly() })

export const salesContract = contract({
  /** A refusal says that nothing was sold. */
  sell: {
    method: 'POST',
    path: '/api/sales',
    body: saleForm,
    answer: saleShape,
    refusals: {
      'signed-out': 401,
      'terminal-revoked': 409,
      'terminal-locked': 409,
      'card-out': 409,
      'card-blocked': 409,
      'clock-ahead': 409,
      'certificate-over': 409,
      'lease-over': 409,
      'update-needed': 409,
      'too-many-unreported': 409,
      printer: 409,
      'sale-in-doubt': 409,
      'unknown-product': 409,
      'no-stock': 409,
      'letter-missing': 409,
      'too-fast': 409,
    },
    act: 'sell',
    audit: null,
  },
  settleDoubt: {
    method: 'POST',
    path: '/api/sales/:number/doubt',
    params: z.strictObject({ number: z.coerce.number().int().min(1) }),
    body: doubtForm,
    answer: saleShape,
    refusals: { 'signed-out': 401, 'unknown-sale': 404, 'not-in-doubt': 409 },
    act: 'sell',
    audit: 'doubt-settled',
  },
  /** The latest, newest first, at most 50. */
  journal: {
    method: 'GET',
    path: '/api/journal',
    answer: journalShape,
    refusals: { 'signed-out': 401 },
    act: 'sell',
    audit: null,
  },
})

/** Why a sale was refused, in order of precedence; nothing was sold. */
export type SaleRefusal = RefusalOf<typeof salesContract.sell>
