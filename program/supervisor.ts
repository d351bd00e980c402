// A program is a starter with children: the api process and the vault (or card) process. The starter holds
// no key and does no work; it restarts a child that died and takes all of them down with itself.

import { type ChildProcess, fork } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { giveFolder, runUnder, shareFolder } from './account.ts'
import { HANDED_STDIO, type HandedOver, handOver } from './hand-over.ts'
import type { Log } from './log.ts'
import { whenToldToStop } from './starter-gone.ts'

export interface ChildSpec {
  readonly name: string
  /** The file that the child runs. */
  readonly module: URL
  /** Names it to whoever looks at the list of processes; what it works with is handed over. */
  readonly args?: readonly string[]
  /** What it is given through an inherited descriptor, at each of its lives. */
  readonly handed: HandedOver
  /** Under which it runs; the starter's own where there is none. */
  readonly account?: number | undefined
  /** Started as we are, it changes to its account by itself (`changeAccount`). */
  readonly changesAccount?: boolean
  /** Added to the starter's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** What a child sends over IPC once it serves: `{ready: true}` and whatever its starter should know. */
interface ReadyMessage {
  readonly ready: true
  readonly [detail: string]: unknown
}

interface Supervised {
  /** Resolves when every child is ready, with each one's message by name; rejects if stopped before. */
  readonly ready: Promise<Record<string, ReadyMessage>>
  stop(): Promise<void>
}

const FIRST_RESTART_MS = 200
const LONGEST_RESTART_MS = 10_000
/** A child that lived this long had started well: the next restart is quick again. */
const HEALTHY_MS = 30_000
/** A child has this long after SIGTERM; with the kill after it, the whole program stops within five seconds. */
const CHILD_STOP_MS = 3_000

/** How a child ends that cannot serve as things are set (sysexits.h, EX_CONFIG): it is not started again. */
const CANNOT_SERVE = 78

/** For a child's first steps: a problem that a person has to mend is said in its own words, and ends the program. */
export function cannotServe(problem: unknown): never {
  if (!(problem instanceof Error && problem.name.endsWith('Problem'))) throw problem
  process.stderr.write(`${problem.message}\n`)
  process.exit(CANNOT_SERVE)
}

/** The same for what is done at once, where nothing can be awaited. */
export function orCannotServe<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (problem) {
    return cannotServe(problem)
  }
}

/** Tells the starter that this child serves. Without a starter (run alone) it does nothing. */
export function sendReady(details: Record<string, unknown> = {}): void {
  process.send?.({ ...details, ready: true })
}

/** A child said what is to be mended before it can serve. */
class CannotServe extends Error {
  override name = 'CannotServe'
}

/**
 * Starts the children in `cwd` (the party's data folder) and keeps them alive until `stop`.
 * A child may send `{ready: true, …}`; a later life of the child may send it again, which is logged only.
 */
export function superviseChildren(options: {
  children: readonly ChildSpec[]
  cwd: string
  log: Log
}): Supervised {
  const { children, cwd, log } = options
  const running = new Map<string, ChildProcess>()
  const readyMessages: Record<string, ReadyMessage> = {}
  const stopped = new AbortController()
  const { promise: ready, resolve, reject } = Promise.withResolvers<Record<string, ReadyMessage>>()
  // A starter that never looks at `ready` must not die of an unhandled rejection when stopped early.
  ready.catch(() => undefined)

  async function keep(spec: ChildSpec): Promise<void> {
    let pauseMs = FIRST_RESTART_MS
    while (!stopped.signal.aborted) {
      const bornMs = performance.now()
      const how = await runOnce(spec)
      if (stopped.signal.aborted) return
      if (how === `exit ${CANNOT_SERVE}` && !(spec.name in readyMessages)) {
        reject(new CannotServe(`${spec.name} cannot serve as things are set`))
        return
      }
      if (performance.now() - bornMs > HEALTHY_MS) pauseMs = FIRST_RESTART_MS
      log.error({ child: spec.name, how, restartInMs: pauseMs }, 'a child ended and is started again')
      await sleep(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined)
      pauseMs = Math.min(pauseMs * 2, LONGEST_RESTART_MS)
    }
  }

  function runOnce(spec: ChildSpec): Promise<string> {
    const { module, options } = runUnder(spec.account, fileURLToPath(spec.module))
    const child = fork(module, [...(spec.args ?? [])], {
      cwd,
      env: { ...process.env, ...compileCache(spec), ...spec.env },
      stdio: [...HANDED_STDIO],
      ...(spec.changesAccount ? { execPath: options.execPath } : options),
    })
    handOver(child, {
      ...spec.handed,
      ...(spec.changesAccount && spec.account !== undefined && { account: spec.account }),
    })
    running.set(spec.name, child)
    child.on('message', (message) => {
      if (!isReady(message)) return
      log.info({ child: spec.name }, 'ready')
      readyMessages[spec.name] = message
      if (children.every(({ name }) => name in readyMessages)) resolve(readyMessages)
    })
    return new Promise((done) => {
      child.once('error', (error) => done(error.message))
      child.once('exit', (code, signal) => done(signal ?? `exit ${code}`))
    }).then((how) => {
      running.delete(spec.name)
      return String(how)
    })
  }

  /** What Node compiled is kept from one life to the next, where the child's own account may write. */
  function compileCache({ name, account, changesAccount }: ChildSpec): Record<string, string> {
    if (account === undefined || changesAccount || !process.env.NODE_COMPILE_CACHE) return {}
    const folder = join(cwd, 'cache', name)
    shareFolder(dirname(folder), { account })
    giveFolder(folder, account)
    return { NODE_COMPILE_CACHE: folder }
  }

  const lives = children.map(keep)

  async function stop(): Promise<void> {
    stopped.abort()
    reject(new Error('stopped before all children were ready'))
    for (const child of running.values()) child.kill('SIGTERM')
    const killer = setTimeout(() => {
      for (const child of running.values()) child.kill('SIGKILL')
    }, CHILD_STOP_MS)
    await Promise.all(lives)
    clearTimeout(killer)
  }

  return { ready, stop }
}

/**
 * The whole of a main file after its settings are read: supervises, tells an own starter when all are ready
 * (`{ready: true, children: {…}}`), and stops when told to, when the starter is gone, or when a child cannot serve.
 */
export function runProgram(options: { children: readonly ChildSpec[]; cwd: string; log: Log }): Supervised {
  const supervised = superviseChildren(options)
  supervised.ready.then(
    (children) => sendReady({ children }),
    async (reason) => {
      if (!(reason instanceof CannotServe)) return
      await supervised.stop()
      process.exit(1)
    },
  )
  whenToldToStop(async (reason) => {
    options.log.info({ reason }, 'stopping')
    await supervised.stop()
  })
  return supervised
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'ready' in message && message.ready === true
}
