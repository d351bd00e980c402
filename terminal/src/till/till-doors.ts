// What every room of the till's server leans on: who stands at the screen, and what is written down of what they did.

import type { AuditedAct, ContractNeeds } from '@scratchless/program/contract/serve-contract'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { Log } from '@scratchless/program/log'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session, VendorSession } from '../vendors/sessions.ts'
import { mayDo } from '../vendors/till-roles.ts'
import type { Till } from './till.ts'

const COOKIE = 'till'

/** Who asked, once the roles let him. */
interface Caller {
  readonly session: Session | null
}

export interface TillDoors {
  readonly till: Till
  readonly contractNeeds: ContractNeeds<Caller>
  /** Opens the till for this person: his cookie goes with the reply. */
  begin(session: Session, reply: FastifyReply): void
  /** Takes the cookie back. */
  end(reply: FastifyReply): void
}

export function createTillDoors(till: Till, { log, secure }: { log: Log; secure: boolean }): TillDoors {
  return {
    till,
    contractNeeds: {
      allow(act, request: FastifyRequest) {
        const session = till.sessions.of(request.cookies[COOKIE])
        if (!mayDo(act, session?.who ?? 'nobody')) throw new HttpRefusal(401, 'signed-out')
        return { session }
      },
      audited: (act) => writeDown(log, act),
    },
    begin(session, reply) {
      const value = till.sessions.start(session)
      reply.setCookie(COOKIE, value, { httpOnly: true, sameSite: 'strict', path: '/', secure })
    },
    end(reply) {
      reply.clearCookie(COOKIE, { path: '/' })
    },
  }
}

function writeDown(log: Log, { word, caller, refusal, reference }: AuditedAct<Caller>): void {
  const { session } = caller
  const who = session === null ? 'nobody' : session.who === 'vendor' ? session.vendor : session.who
  log.info({ act: word, who, refusal, reference }, refusal === null ? 'done' : 'refused')
}

/** The vendor of a room that vendors alone may enter. */
export function vendorOf({ session }: Caller): VendorSession {
  if (session?.who !== 'vendor') throw new Error('the roles let somebody else in')
  return session
}
