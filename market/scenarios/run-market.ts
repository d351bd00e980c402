// Runs `npm start` as a person would, for the stories that begin with it: the program itself, its output, its end.

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

export interface MarketRun {
  readonly process: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<number | null>
  /** Resolves when this text stands on standard output; rejects when the market ended without it. */
  says(text: string): Promise<void>
  /** The same of standard output and standard error, where progress goes under --json; resolves at its end, too. */
  tells(text: string): Promise<void>
  /** The last line of standard output that begins with `{`. */
  result(): Record<string, never>
}

const start = path.join(import.meta.dirname, '..', 'start.ts')

export function runMarket(...options: string[]): MarketRun {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', start, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SCRATCHLESS_STARTED_AT_MS: String(Date.now()) },
  })
  const output = { stdout: '', stderr: '' }
  let heard = () => {}
  let told = () => {}
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
    heard()
    told()
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
    told()
  })
  const ended = new Promise<number | null>((end) => child.once('exit', (code) => end(code)))
  return {
    process: child,
    output,
    ended,
    says: (text) =>
      new Promise((said, fail) => {
        heard = () => output.stdout.includes(text) && said()
        heard()
        void ended.then((code) => fail(new Error(`ended with ${code}: ${output.stderr}${output.stdout}`)))
      }),
    tells: (text) =>
      new Promise((resolve) => {
        told = () => (output.stdout + output.stderr).includes(text) && resolve()
        told()
        void ended.then(() => resolve())
      }),
    result: () => JSON.parse(output.stdout.split('\n').findLast((line) => line.startsWith('{')) ?? '{}'),
  }
}
