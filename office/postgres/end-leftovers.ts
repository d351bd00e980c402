// What a server that nobody keeps any more has left behind: after a kill -9 of everything but the server it still runs,
// and after one of the server its backends may, a busy one for long. One that still writes beside a new server would
// damage the data, so they are ended first. They are known by the folder that they work in, by whatever name it was
// given to them or to us: its number on its disk is the same through a link, a mount or a relative path.

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A fast shutdown; past it the server is stopped at once and recovers at its next start. */
const FAST_STOP_MS = 5_000
const LOOK_AGAIN_MS = 20

/**
 * Ends every PostgreSQL process that works in this cluster, the server first, and then removes its lock file: no
 * process that the file may name is a server of this cluster any more. Only for whoever holds the folder's lock.
 */
export async function endLeftovers(cluster: string): Promise<void> {
  const startedMs = performance.now()
  for (let left = processesIn(cluster); left.length > 0; left = processesIn(cluster)) {
    const server = left.filter(isServer)
    if (server.length > 0) signal(server, performance.now() - startedMs > FAST_STOP_MS ? 'SIGQUIT' : 'SIGINT')
    else signal(left, 'SIGKILL')
    await sleep(LOOK_AGAIN_MS)
  }
  rmSync(join(cluster, 'postmaster.pid'), { force: true })
}

function processesIn(cluster: string): number[] {
  const { dev, ino } = statSync(cluster)
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false
      try {
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres') return false
        const own = statSync(`/proc/${pid}/cwd`)
        return own.dev === dev && own.ino === ino
      } catch {
        return false // it has ended, or is another user's and so no server of ours
      }
    })
}

/** Its backends write what they do in the place of their command line: `postgres: checkpointer`. */
function isServer(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: ')
  } catch {
    return false // it has ended
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
