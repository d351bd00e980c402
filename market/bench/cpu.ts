// Processor time of running programs, from /proc: of a process with all its threads, or of a server with every process
// that it started, those included that have ended since.

import fs from 'node:fs'

/** Clock ticks a second, as Linux reports them to user space (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100

interface Stat {
  readonly parent: number
  /** Seconds of its own threads. */
  readonly own: number
  /** Seconds of children that ended and were waited for. */
  readonly ended: number
}

function statOf(pid: number): Stat | null {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in brackets and may hold anything; the fields after it are numbers.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const seconds = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND
    return { parent: Number(fields[1]), own: seconds(11), ended: seconds(13) }
  } catch {
    return null // it ended between the list and the look
  }
}

/** Seconds of processor time that this process has used. */
export function cpuOf(pid: number): number {
  return statOf(pid)?.own ?? 0
}

/** Seconds that ended children of this process have used, once it has waited for them. */
export function cpuOfEndedChildren(pid: number): number {
  return statOf(pid)?.ended ?? 0
}

/** The same of a process and all its children, running or ended. */
export function cpuOfTree(pid: number): number {
  const stats = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(Number(name))
      return stat === null ? [] : [{ pid: Number(name), ...stat }]
    })
  const sum = (of: number): number => {
    const here = stats.find((one) => one.pid === of)
    if (here === undefined) return 0
    return stats
      .filter(({ parent }) => parent === of)
      .reduce((seconds, child) => seconds + sum(child.pid), here.own + here.ended)
  }
  return sum(pid)
}

/** The process that listens at a port of this machine's loopback; undefined where none of ours does. */
export function listenerAt(port: number): number | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const inode = fs
    .readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, , state]) => state === '0A' && local?.endsWith(`:${wanted}`))?.[9]
  if (inode === undefined) return undefined
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const holder = pids.find((pid) => openFilesOf(pid).includes(`socket:[${inode}]`))
  return holder === undefined ? undefined : Number(holder)
}

function openFilesOf(pid: string): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`))
  } catch {
    return [] // another account's, or one that ended while we looked
  }
}
