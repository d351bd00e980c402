// POST /api/sign-in {signInName, password}, POST /api/sign-out, GET /api/me; and the guard for every other route.

import cookie from '@fastify/cookie'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { PartyId } from '@scratchless/voucher/ids'
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { z } from 'zod'
import { MAX_PASSWORD_LENGTH, type StaffMember, type StaffNeeds, signIn, signOut, whoIs } from './staff.ts'

const SignIn = z.object({
  signInName: z.string().max(40),
  password: z.string().max(MAX_PASSWORD_LENGTH),
})

const members = new WeakMap<FastifyRequest, StaffMember>()

export interface StaffGuard {
  /** A preHandler: 401 `not-signed-in`, then 403 `not-allowed` unless the member has one of the roles (none: any). */
  requireRole(...roles: readonly string[]): preHandlerAsyncHookHandler
}

/** The member of staff behind a request that `requireRole` let through. */
export function staffOf(request: FastifyRequest): StaffMember {
  const member = members.get(request)
  if (member === undefined) throw new Error('this route forgot requireRole')
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

  const requireRole: StaffGuard['requireRole'] =
    (...roles) =>
    async (request) => {
      const token = request.cookies[name]
      const member = token === undefined ? null : await whoIs(needs, token)
      if (member === null) throw new HttpRefusal(401, 'not-signed-in')
      if (roles.length > 0 && !roles.some((role) => member.roles.includes(role)))
        throw new HttpRefusal(403, 'not-allowed')
      members.set(request, member)
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
  app.get('/api/me', { preHandler: requireRole() }, async (request) => staffOf(request))
  return { requireRole }
}
