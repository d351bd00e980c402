// Two processes on one till would each believe that the other's sale was cut off. Whoever listens on the till's port
// is the till: a new process waits until the one before it has ended.

import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A stopping program takes at most four seconds. */
const LONGEST_WAIT_MS = 10_000
const LOOK_AGAIN_MS = 50

/** Resolves once nobody listens on this port of 127.0.0.1. Throws where somebody still does after ten seconds. */
export async function waitForPredecessor(port: number): Promise<void> {
  const endMs = performance.now() + LONGEST_WAIT_MS
  while (!(await isFree(port))) {
    if (performance.now() > endMs) throw new Error(`port ${port} of this machine is taken by another program`)
    await sleep(LOOK_AGAIN_MS)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
