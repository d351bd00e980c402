// The shell of a listener that people reach, as its settings say: TLS where they name it, and no names but its own.

import type { FastifyInstance } from 'fastify'
import { createHttpServer, type HttpServerOptions } from './http-server.ts'
import { type Listener, namesOf, readTls } from './listener.ts'

interface PeopleListener {
  /** Its name in the settings, for problems. */
  readonly setting: string
  readonly listener: Listener
}

/** Throws a ConfigProblem where the files of its TLS are not as they should be. */
export function createPeopleServer({
  setting,
  listener,
  ...options
}: Omit<HttpServerOptions, 'tls' | 'names'> & PeopleListener): FastifyInstance {
  const { tls } = listener
  return createHttpServer({ ...options, tls: tls && readTls(setting, tls), names: namesOf(listener) })
}
