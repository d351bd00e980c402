// A room's contract: what may be asked of it, read by both of its ends. Each route says its method and path, the shapes
// of what goes in and what comes out, its refusals in order of precedence, the act that its caller must be allowed to
// do, and the word by which it is written down. The server (serve-contract.ts), the screen's client (client.ts) and the
// description for makers (open-api.ts) come from it. Who may do an act is said in one `roles` file, nowhere else.

import type { z } from 'zod'

/** The rules' "no" by name, with the HTTP status that carries it. */
type Refusals = Readonly<Record<string, 400 | 401 | 403 | 404 | 409 | 429 | 503>>

export interface Route {
  readonly method: 'GET' | 'POST'
  /** `/api/…`; `:name` stands for a field of `params`. */
  readonly path: string
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** Absent: the answer says nothing but that it was done (204). */
  readonly answer?: z.ZodType
  /** In order of precedence: the first that holds is given. */
  readonly refusals: Refusals
  /** What the caller must be allowed to do. */
  readonly act: string
  /** The word by which the act is written down once it is done or refused; null where looking leaves no trace. */
  readonly audit: string | null
}

export type Contract = Readonly<Record<string, Route>>

/** Keeps each route's own types. */
export function contract<const C extends Contract>(routes: C): C {
  return routes
}

/** What a route is given: as it comes over the wire (`input`), and as its handler finds it (`output`). */
type Part<
  R extends Route,
  Name extends 'params' | 'query' | 'body',
  Side extends 'input' | 'output',
> = R[Name] extends z.ZodType ? (Side extends 'input' ? z.input<R[Name]> : z.output<R[Name]>) : undefined

export type Given<R extends Route, Side extends 'input' | 'output'> = {
  readonly [Name in 'params' | 'query' | 'body' as R[Name] extends z.ZodType ? Name : never]: Part<
    R,
    Name,
    Side
  >
}

/** What the server may answer. */
export type AnswerIn<R extends Route> = R['answer'] extends z.ZodType ? z.input<R['answer']> : undefined
/** What the asker gets. */
export type AnswerOut<R extends Route> = R['answer'] extends z.ZodType ? z.output<R['answer']> : undefined

export type RefusalOf<R extends Route> = keyof R['refusals'] & string

/** A "no" that the rules give, with what a person needs to act on it. */
export class Refused<Name extends string = string> {
  readonly refusal: Name
  readonly details: Readonly<Record<string, unknown>> | undefined
  constructor(refusal: Name, details?: Readonly<Record<string, unknown>>) {
    this.refusal = refusal
    this.details = details
  }
}

export function refuse<const Name extends string>(
  refusal: Name,
  details?: Readonly<Record<string, unknown>>,
): Refused<Name> {
  return new Refused(refusal, details)
}

/** Body of every answer that is a "no": `{error: Problem}`. Screens choose the words. */
export interface Problem {
  readonly code: string
  /** Finds the line in the log; empty where no answer came. */
  readonly reference: string
  readonly details?: unknown
}
