// One of the market's programs, as an operating-system process of its own, by its production entry point.

import { type ChildProcess, fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { runUnder, startedAsRoot } from '@scratchless/program/account'

export interface RunningProgram {
  readonly name: string
  /** Resolves with what the program says when it serves; rejects with one sentence where it ends before. */
  readonly ready: Promise<Record<string, unknown>>
  /** Of its present life. */
  pid(): number | undefined
  /** SIGTERM, and after `graceMs` SIGKILL. Resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>
}

/** A program that takes longer to stop loses nothing by being killed: what it promised is on disk. */
const STOP_GRACE_MS = 4_000
const RESTART_AFTER_MS = 200
const LOG_TAIL_BYTES = 4_000
/** After standard input, output, error and the starter's channel. */
const PASSPHRASE_FD = 4

/** Starts `module` with `args`, and again when it died; its output goes to `logFile`. */
export function startProgram(spec: {
  name: string
  module: string
  args: readonly string[]
  logFile: string
  cwd?: string
  /** Given through an inherited descriptor, as `--passphrase-fd` says. */
  passphrase?: Buffer
  /** Under which it runs, where we are root. */
  account?: number
  onMessage?: (message: never) => void
}): RunningProgram {
  fs.mkdirSync(path.dirname(spec.logFile), { recursive: true, mode: 0o700 })
  let stopping = false
  let served = false
  let child: ChildProcess
  let exited: Promise<void>
  const { promise: ready, resolve: serves, reject: fails } = Promise.withResolvers<Record<string, unknown>>()
  // Whoever waits hears of it; a program stopped before anybody waited is no fault.
  ready.catch(() => undefined)

  function run() {
    const log = fs.openSync(spec.logFile, 'a')
    const { module, options } = runUnder(startedAsRoot() ? spec.account : undefined, spec.module)
    const args = [...spec.args, ...(spec.passphrase ? ['--passphrase-fd', String(PASSPHRASE_FD)] : [])]
    child = fork(module, args, {
      stdio: ['ignore', log, log, 'ipc', ...(spec.passphrase ? ['pipe' as const] : [])],
      ...(spec.cwd !== undefined && { cwd: spec.cwd }),
      ...options,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      // A process group of its own: Ctrl-C reaches the market, which stops its programs in order.
      detached: true,
    })
    fs.closeSync(log)
    if (spec.passphrase) {
      const pipe = child.stdio[PASSPHRASE_FD] as Writable
      // Whoever ended before it read is started again.
      pipe.on('error', () => undefined)
      pipe.end(spec.passphrase)
    }
    child.on('message', (message: Record<string, unknown>) => {
      if (message.ready) {
        served = true
        serves(message)
      } else spec.onMessage?.(message as never)
    })
    child.once('error', (error) => fails(new Error(`${spec.name} could not be started: ${error.message}`)))
    exited = new Promise((gone) => child.once('exit', () => gone()))
    void exited.then(() => {
      if (stopping) return
      // A program that never served will not serve the next time either; one that did is started again.
      if (served) setTimeout(() => !stopping && run(), RESTART_AFTER_MS)
      else fails(new Error(`${spec.name} ended before it was ready: ${lastLine(spec.logFile)}`))
    })
  }

  run()
  return {
    name: spec.name,
    ready,
    pid: () => child.pid,
    async stop(graceMs = STOP_GRACE_MS) {
      stopping = true
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      else return
      const kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(kill)
    },
  }
}

/** News of a program that runs, and that a starter starts a child again: neither says why it ended. */
function isUnderWay(line: string): boolean {
  return /^\{"level":([1-4]0|50,.*"how":)/.test(line)
}

/** What a program said last, without the log's own fields. */
function lastLine(logFile: string): string {
  const size = fs.statSync(logFile).size
  const bytes = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES))
  const file = fs.openSync(logFile, 'r')
  fs.readSync(file, bytes, 0, bytes.length, size - bytes.length)
  fs.closeSync(file)
  const lines = bytes
    .toString('utf8')
    .trim()
    .split('\n')
    .filter((line) => !isUnderWay(line))
  // A program that broke leaves its stack and Node's version after the sentence that counts.
  const last =
    lines.findLast((line) => /^(\{"level":[56]0|\w*(Error|Problem): )/.test(line)) ??
    lines.findLast((line) => line.trim() !== '' && !/^(\s|at |Node\.js )/.test(line)) ??
    'it said nothing'
  try {
    const { msg, err } = JSON.parse(last) as { msg?: string; err?: { message?: string } }
    return err?.message ?? msg ?? last
  } catch {
    return last // a line that is no log entry is shown as it is
  }
}
