// Signing in and out, one's own password, who works here; and the guard for every other route.
//
//   POST /api/sign-in               {signInName, password}     the member; 401 locked, wrong-credentials
//   POST /api/sign-out                                         {}
//   GET  /api/me                                               the member
//   POST /api/me/password           {current, next}            {}: all sessions end; 409 wrong-password, password-too-short
//   GET  /api/staff                                            {staff}
//   POST /api/staff/:id/disabling                              {}: he is signed out; 404, 409 oneself, disabled-already

import cookie from '@fastify/cookie'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { PartyId } from '@scratchless/voucher/ids'
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { z } from 'zod'
import { readActRule } from '../roles/roles.sql.ts'
import { type Act, type ActRule, mayDo } from '../roles/roles.ts'
import {
  changePassword,
  disableStaff,
  MAX_PASSWORD_LENGTH,
  readStaff,
  type StaffMember,
  type StaffNeeds,
  signIn,
  signOut,
  whoIs,
} from './staff.ts'

const SignIn = z.object({
  signInName: z.string().max(40),
  password: z.string().max(MAX_PASSWORD_LENGTH),
})

const PasswordBody = z.strictObject({
  current: z.string().max(MAX_PASSWORD_LENGTH),
  next: z.string().max(MAX_PASSWORD_LENGTH),
})
const IdParams = z.strictObject({ id: z.coerce.number().int().min(1) })

const members = new WeakMap<FastifyRequest, StaffMember>()

export interface StaffGuard {
  /** A preHandler: 401 `not-signed-in`, then 403 `not-allowed` unless one of the member's roles may do the act. */
  mayDo(act: Act): { readonly preHandler: preHandlerAsyncHookHandler }
  /** For an act that only the request's content names: its rule, or 403 `not-allowed` where it is not this member's. */
  ruleFor(request: FastifyRequest, act: Act): Promise<ActRule>
}

/** The member of staff behind a request that `mayDo` let through. */
export function staffOf(request: FastifyRequest): StaffMember {
  const member = members.get(request)
  if (member === undefined) throw new Error('this route forgot mayDo')
  return member
}

/**
 * Adds the sign-in routes. The cookie carries the party's name, because cookies know no ports and two offices
 * may share one host; SameSite=Strict and JSON-only bodies keep other sites out.
 */
export async function addStaffRoutes(
  app: FastifyInstance,
  needs: StaffNeeds,
  options: { party: PartyId; secureCookie: boolean },
): Promise<StaffGuard> {
  await app.register(cookie)
  const name = `${options.party}_session`
  const attributes = { path: '/', httpOnly: true, sameSite: 'strict', secure: options.secureCookie } as const

  const guard: StaffGuard = {
    mayDo: (act) => ({
      async preHandler(request) {
        const token = request.cookies[name]
        const member = token === undefined ? null : await whoIs(needs, token)
        if (member === null) throw new HttpRefusal(401, 'not-signed-in')
        await allowed(act, member)
        members.set(request, member)
      },
    }),
    ruleFor: (request, act) => allowed(act, staffOf(request)),
  }

  async function allowed(act: Act, member: StaffMember): Promise<ActRule> {
    const rule = await readActRule(needs.pool, act)
    if (!mayDo(rule, member.roles)) throw new HttpRefusal(403, 'not-allowed')
    return rule
  }

  app.post('/api/sign-in', async (request, reply) => {
    const { signInName, password } = parseInput(SignIn, request.body)
    const result = await signIn(needs, signInName.trim().toLowerCase(), password)
    if (typeof result === 'string') throw new HttpRefusal(401, result)
    reply.setCookie(name, result.token, attributes)
    return result.member
  })
  app.post('/api/sign-out', async (request, reply) => {
    const token = request.cookies[name]
    if (token !== undefined) await signOut(needs, token)
    reply.clearCookie(name, attributes)
    return {}
  })
  app.get('/api/me', guard.mayDo('change-own-password'), async (request) => staffOf(request))
  app.post('/api/me/password', guard.mayDo('change-own-password'), async (request, reply) => {
    const { current, next } = parseInput(PasswordBody, request.body)
    const outcome = await changePassword(needs, staffOf(request), current, next)
    if (outcome !== 'changed') throw new HttpRefusal(409, outcome)
    // Every other session of this person has ended, and this one too.
    reply.clearCookie(name, attributes)
    return {}
  })
  app.get('/api/staff', guard.mayDo('see-staff'), async () => ({ staff: await readStaff(needs) }))
  app.post('/api/staff/:id/disabling', guard.mayDo('disable-staff'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const outcome = await disableStaff(needs, staffOf(request), id)
    if (outcome === 'unknown-member') throw new HttpRefusal(404, outcome)
    if (outcome !== 'disabled') throw new HttpRefusal(409, outcome)
    return {}
  })
  return guard
}
