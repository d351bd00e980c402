// The server's end of a contract: every route in the same order — may this caller do the act, is what came well shaped,
// what do the rules say — and every answer as its shape has it, so that nothing leaves that no contract names.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpRefusal, parseInput } from '../http/http-server.ts'
import { type AnswerIn, type Contract, type Given, type RefusalOf, Refused, type Route } from './contract.ts'

type Asked<R extends Route, Caller> = Given<R, 'output'> & {
  readonly caller: Caller
  /** For the few that set a cookie. */
  readonly reply: FastifyReply
}

type Handlers<C extends Contract, Caller> = {
  readonly [Name in keyof C]: (
    asked: Asked<C[Name], Caller>,
  ) => MaybePromise<AnswerIn<C[Name]> | Refused<RefusalOf<C[Name]>>>
}

type MaybePromise<T> = T | Promise<T>

/** What was done or refused, for the audit chain or the log. */
export interface AuditedAct<Caller> {
  readonly word: string
  readonly caller: Caller
  /** Null where it was done. */
  readonly refusal: string | null
  /** The request's reference, which its caller saw too. */
  readonly reference: string
}

export interface ContractNeeds<Caller> {
  /** Who asks. Throws an HttpRefusal where nobody like that may do the act. */
  allow(act: string, request: FastifyRequest): MaybePromise<Caller>
  /** Told of every act that has a word, after it was done or refused. */
  audited(act: AuditedAct<Caller>): void
}

/** Throws a TypeError where two routes have one path, or a path names a field that `params` has not. */
export function serveContract<C extends Contract, Caller>(
  app: FastifyInstance,
  routes: C,
  needs: ContractNeeds<Caller>,
  handlers: Handlers<C, Caller>,
): void {
  for (const [name, route] of Object.entries(routes)) {
    if (/:\w/.test(route.path) !== (route.params !== undefined))
      throw new TypeError(`${name}: path and params differ`)
    const handle = handlers[name] as (asked: object) => MaybePromise<unknown>
    app.route({
      method: route.method,
      url: route.path,
      async handler(request, reply) {
        const caller = await needs.allow(route.act, request)
        const answer = await handle({ ...givenOf(route, request), caller, reply })
        const refusal = answer instanceof Refused ? answer.refusal : null
        if (route.audit !== null) needs.audited({ word: route.audit, caller, refusal, reference: request.id })
        if (answer instanceof Refused)
          throw new HttpRefusal(route.refusals[answer.refusal]!, answer.refusal, answer.details)
        return route.answer === undefined ? reply.status(204).send() : route.answer.parse(answer)
      },
    })
  }
}

function givenOf(route: Route, request: FastifyRequest): object {
  return {
    ...(route.params && { params: parseInput(route.params, request.params) }),
    ...(route.query && { query: parseInput(route.query, request.query) }),
    ...(route.body && { body: parseInput(route.body, request.body) }),
  }
}
