// For tests: a member of staff, with every role or some, signed in at a centre's staff server, and what he gets for what he asks.

import type { Pool } from '@scratchless/office/database/database'
import { ROLES } from '@scratchless/office/roles/roles'
import { addStaff } from '@scratchless/office/staff/staff'
import type { FastifyInstance, InjectOptions } from 'fastify'

/** Asks as this member of staff; `cookie` is his session's, for a request of another kind. */
export type StaffCall = (<Answer>(
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
) => Promise<{
  status: number
  json: Answer & { error?: { code: string; details?: unknown } }
  code: string | undefined
}>) & { readonly cookie: string }

export async function staffCaller(
  app: FastifyInstance,
  owner: Pool,
  signInName = 'demo',
  roles: readonly string[] = ROLES,
): Promise<StaffCall> {
  const password = 'a long enough password'
  await addStaff({ pool: owner }, { signInName, fullName: signInName, roles, password })
  const answer = await app.inject({
    ...{ method: 'POST', url: '/api/sign-in' },
    payload: { signInName, password },
  })
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!
  const call: Omit<StaffCall, 'cookie'> = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const options: InjectOptions = { method, url, headers: { cookie } }
    const reply = await app.inject(payload === undefined ? options : { ...options, payload })
    const json = reply.json()
    return { status: reply.statusCode, json, code: json.error?.code }
  }
  return Object.assign(call as StaffCall, { cookie })
}
