// For tests: every route of a staff server is asked by a member of every role, against a table written by hand.

import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import type { Pool } from '../database/database.ts'
import { ROLES } from '../roles/roles.ts'
import { addStaff } from '../staff/staff.ts'

const PASSWORD = 'a long enough password'
/** Routes that nobody needs to be signed in for: the page's script, and the way in and out. */
const OPEN = ['GET /', 'GET /status.js', 'POST /api/sign-in', 'POST /api/sign-out']

/**
 * `table`: by method and path, the roles that get past the door. Whoever does may be refused for other reasons (what he
 * sends is empty); whoever does not is refused 403, and a stranger 401.
 */
export async function expectDoors(
  app: FastifyInstance,
  pool: Pool,
  table: Readonly<Record<string, string>>,
): Promise<void> {
  const cookies = new Map<string, string>()
  for (const role of ROLES) {
    await addStaff({ pool }, { signInName: role, fullName: role, roles: [role], password: PASSWORD })
    const answer = await app.inject({
      ...{ method: 'POST', url: '/api/sign-in', payload: { signInName: role, password: PASSWORD } },
    })
    cookies.set(role, String(answer.headers['set-cookie']).split(';')[0]!)
  }
  const found: Record<string, string> = {}
  for (const [index, route] of Object.keys(table).entries()) {
    const [method, path] = route.split(' ') as ['GET' | 'POST', string]
    const url = path.replace(':id', '999999')
    // From an address of its own: all routes by all roles are more than one may ask in a minute.
    const from = { method, url, remoteAddress: `127.1.0.${1 + index}` }
    const ask = async (cookie?: string) =>
      (await app.inject({ ...from, headers: cookie === undefined ? {} : { cookie } })).statusCode
    expect(await ask(), `${route} by a stranger`).toBe(401)
    const let_in: string[] = []
    for (const role of ROLES) if ((await ask(cookies.get(role))) !== 403) let_in.push(role)
    found[route] = let_in.join(' ')
  }
  expect(found).toEqual(table)
  expect([...routesOf(app)].sort()).toEqual([...Object.keys(table), ...OPEN].sort())
}

/** Every method and path that the server knows, out of fastify's own picture of its routes. */
function routesOf(app: FastifyInstance): Set<string> {
  const routes = new Set<string>()
  const above: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, part, methods] = /^((?:[│ ] {3})*)[├└]── (\S*)(?: \(([^)]*)\))?$/.exec(line) ?? []
    if (part === undefined) continue
    const depth = indent!.length / 4
    above[depth] = part
    above.length = depth + 1
    for (const method of methods?.split(', ') ?? [])
      if (method === 'GET' || method === 'POST') routes.add(`${method} ${above.join('')}`)
  }
  return routes
}
