// Who stands at the till: signing in and locking, and the people whom the owner lets sell.

import { contract } from '@scratchless/program/contract/contract'
import { idPattern } from '@scratchless/voucher/ids'
import { z } from 'zod'
import { stateShape } from '../till/till-contract.ts'

/** argon2 takes any length, but nobody types more. */
export const passwordField = z.string().min(1).max(200)

/** The vendor with card and PIN; `vendor: 'owner'` without. */
const signInForm = z.strictObject({
  vendor: z.string().max(20),
  password: passwordField,
  pin: z.string().max(64).optional(),
})
export type SignInForm = z.output<typeof signInForm>

const vendorForm = z.strictObject({
  vendor: z.string().regex(idPattern('VendorId')),
  password: passwordField,
  /** The vendor card given to this person, by its number. */
  card: z.string().regex(idPattern('CardId')),
})
export type VendorForm = z.output<typeof vendorForm>

export const vendorsContract = contract({
  signIn: {
    method: 'POST',
    path: '/api/sign-in',
    body: signInForm,
    answer: stateShape,
    refusals: {
      'too-many-tries': 403,
      'wrong-password': 403,
      'card-out': 403,
      'card-blocked': 403,
      'wrong-pin': 403,
    },
    act: 'sign-in',
    audit: 'signed-in',
  },
  /** Anybody at the screen may close the till; only its keys open it. */
  lock: {
    method: 'POST',
    path: '/api/lock',
    refusals: {},
    act: 'lock',
    audit: 'locked',
  },
  addVendor: {
    method: 'POST',
    path: '/api/vendors',
    body: vendorForm,
    answer: z.strictObject({ vendor: z.string() }),
    refusals: { 'signed-out': 401, 'password-too-short': 409 },
    act: 'give-out-vendor-numbers',
    audit: 'vendor-added',
  },
})
