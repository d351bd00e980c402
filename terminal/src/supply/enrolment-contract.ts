// A new device asks the centre for its name.

import { contract } from '@scratchless/program/contract/contract'
import { z } from 'zod'
import { stateShape } from '../till/till-contract.ts'
import { passwordField } from '../vendors/vendors-contract.ts'

/** Asked by the owner on a new device; of one that is enrolled, by its owner once he has signed in. */
const enrolmentForm = z.strictObject({
  enrolmentCode: z.string().max(100),
  ownerPassword: passwordField,
})

export const enrolmentContract = contract({
  enrol: {
    method: 'POST',
    path: '/api/enrolment',
    body: enrolmentForm,
    answer: stateShape,
    refusals: {
      'already-enrolled': 409,
      'password-too-short': 409,
      'wrong-enrolment-code': 409,
      'centre-unreachable': 503,
      'enrolment-refused': 409,
      'other-terminal': 409,
    },
    act: 'enrol',
    audit: 'enrolment-asked',
  },
  /** The owner was told that the centre has approved: do not wait for the next poll. */
  pollEnrolment: {
    method: 'POST',
    path: '/api/enrolment/poll',
    refusals: {},
    act: 'enrol',
    audit: null,
  },
})
