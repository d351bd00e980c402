// A device's first conversation: the owner types the enrolment code, and from then on is signed in. He types another
// one where the terminal's certificate has ended, or the centre wants it enrolled again.

import { refuse } from '@scratchless/program/contract/contract'
import { serveContract } from '@scratchless/program/contract/serve-contract'
import type { FastifyInstance } from 'fastify'
import { stateView } from '../till/state-view.ts'
import type { TillDoors } from '../till/till-doors.ts'
import { hashPassword, MIN_PASSWORD_LENGTH } from '../vendors/passwords.ts'
import { putVendor } from '../vendors/vendor.sql.ts'
import { beginToEnrol } from './enrol.ts'
import { enrolmentContract } from './enrolment-contract.ts'

export function addEnrolmentRoutes(app: FastifyInstance, doors: TillDoors): void {
  const { till, contractNeeds } = doors
  serveContract(app, enrolmentContract, contractNeeds, {
    async enrol({ caller, body, reply }) {
      if (till.word() !== null && caller.session?.who !== 'owner') return refuse('already-enrolled')
      if (body.ownerPassword.length < MIN_PASSWORD_LENGTH) return refuse('password-too-short')
      const outcome = await beginToEnrol(till, body.enrolmentCode)
      if (outcome !== 'waiting' && outcome !== 'enrolled') return refuse(outcome)
      const passwordHash = await hashPassword(body.ownerPassword)
      putVendor(till.store, { id: 'owner', passwordHash, card: null })
      const session = { who: 'owner', sinceMs: till.clock.nowMs() } as const
      doors.begin(session, reply)
      till.supply.wake()
      return stateView(till, session)
    },
    pollEnrolment() {
      till.supply.wake()
      return undefined
    },
  })
}
