// Signing in, locking, and the owner's list of vendors.

import { refuse } from '@scratchless/program/contract/contract'
import { serveContract } from '@scratchless/program/contract/serve-contract'
import type { FastifyInstance } from 'fastify'
import { stateView } from '../till/state-view.ts'
import type { TillDoors } from '../till/till-doors.ts'
import { addVendor } from './add-vendor.ts'
import { signIn } from './sign-in.ts'
import { vendorsContract } from './vendors-contract.ts'

export function addVendorsRoutes(app: FastifyInstance, doors: TillDoors): void {
  const { till, contractNeeds } = doors
  serveContract(app, vendorsContract, contractNeeds, {
    async signIn({ body, reply }) {
      await till.lookAtCard()
      const revokedCards = till.word()?.standing.revokedCards ?? []
      const outcome = await signIn({ ...till, revokedCards }, body)
      if ('refusal' in outcome) {
        const { refusal, ...details } = outcome
        return refuse(refusal, details)
      }
      doors.begin(outcome, reply)
      till.prepare()
      till.supply.wake()
      return stateView(till, outcome)
    },
    async lock({ caller, reply }) {
      if (caller.session !== null) await till.lock()
      doors.end(reply)
      return undefined
    },
    async addVendor({ body }) {
      const outcome = await addVendor(till.store, body)
      return outcome === 'added' ? { vendor: body.vendor } : refuse(outcome)
    },
  })
}
