// How a listener begins to listen: it waits for the process before it, which may still be ending, and says in one
// sentence, by the setting's name, why it cannot.

import { type AddressInfo, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { LOOPBACK } from './listener.ts'

/** An address that cannot be had. One sentence, which names the setting. */
export class ListenProblem extends Error {
  override name = 'ListenProblem'
}

export interface Place {
  readonly host: string
  readonly port: number
}

/** A stopping program takes at most four seconds. */
const PREDECESSOR_MS = 10_000
const LOOK_AGAIN_MS = 50

/** Listens, or throws a ListenProblem: at once where it never can, after ten seconds where somebody else does. */
export async function listen(
  server: FastifyInstance | Server,
  setting: string,
  place: Place,
  patienceMs = PREDECESSOR_MS,
): Promise<void> {
  await untilFree(setting, place, patienceMs)
  const { host, port } = place
  try {
    if ('inject' in server) await server.listen({ host, port })
    else
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host, port }, () => {
          server.off('error', reject)
          resolve()
        })
      })
  } catch (error) {
    throw problemOf(setting, place, error)
  }
}

/** Resolves once nobody listens there. Throws a ListenProblem, as `listen` does. */
export async function untilFree(setting: string, place: Place, patienceMs = PREDECESSOR_MS): Promise<void> {
  for (const startedMs = performance.now(); ; ) {
    const error = await tryToListen(place)
    if (error === null) return
    if (error.code !== 'EADDRINUSE' || performance.now() - startedMs >= patienceMs)
      throw problemOf(setting, place, error)
    await sleep(LOOK_AGAIN_MS)
  }
}

/** Whether somebody could listen there now. */
export async function isFree(place: Place): Promise<boolean> {
  return (await tryToListen(place)) === null
}

/** A port of this machine that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ host: LOOPBACK, port: 0 }, () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

function tryToListen({ host, port }: Place): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', resolve)
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}

function problemOf(setting: string, { host, port }: Place, error: unknown): ListenProblem {
  const { code } = error as NodeJS.ErrnoException
  const why =
    code === 'EADDRINUSE'
      ? `port ${port} of ${host} is taken by another program: stop that, or choose another port`
      : code === 'EADDRNOTAVAIL'
        ? `this machine has no address ${host}`
        : code === 'EACCES'
          ? `this account may not listen on port ${port}: choose one from 1024 on`
          : `it cannot listen on ${host}, port ${port} (${code ?? error})`
  return new ListenProblem(`${setting}: ${why}`, { cause: error })
}
