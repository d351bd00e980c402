// Bugs by Stryker's instrumenter: every mutant of a file stands in one instrumented text, each behind a switch that
// an environment variable turns on, in this process and in every program that a test starts.

import fs from 'node:fs'
import path from 'node:path'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import type { Mutant } from './mutant.ts'

/** Names the mutant that is on. */
export const ACTIVE = 'SCRATCHLESS_ACTIVE_MUTANT'
/** Names a file to which each process writes the switches it passes, one a line. */
export const PASSED = 'SCRATCHLESS_MUTANTS_PASSED'

// In place of the tool's own header: coverage goes to a file at once, because programs under test are killed.
const HEADER = `const stryState_9fa48 = (globalThis.__scratchlessMutants ??= {
  active: process.env.${ACTIVE}, to: process.env.${PASSED}, passed: {} });
const stryActive_9fa48 = stryState_9fa48.active
const stryPassed_9fa48 = stryState_9fa48.to === undefined ? undefined : stryState_9fa48.passed
function stryMutAct_9fa48(id) { return stryActive_9fa48 === id }
function stryCov_9fa48() {
  if (stryPassed_9fa48 === undefined) return
  for (let i = 0; i < arguments.length; i++)
    if (stryPassed_9fa48[arguments[i]] !== true) stryNote_9fa48(arguments[i])
}
function stryNote_9fa48(id) {
  stryPassed_9fa48[id] = true
  try {
    process.getBuiltinModule('node:fs').appendFileSync(stryState_9fa48.to, id + '\\n')
  } catch {
    // A process under an account that may not write there: what it passes is not known.
  }
}
`

const silent = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
}

export interface Instrumented {
  readonly mutants: readonly Mutant[]
  /** The instrumented text of each file. */
  readonly texts: ReadonlyMap<string, string>
}

export async function instrument(
  root: string,
  files: readonly string[],
  roomOf: (file: string) => string,
): Promise<Instrumented> {
  const originals = new Map(files.map((file) => [file, fs.readFileSync(path.join(root, file), 'utf8')]))
  const result = await new Instrumenter(silent).instrument(
    [...originals].map(([name, content]) => ({ name, content, mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [], noHeader: true },
  )
  const mutants = result.mutants.map((made): Mutant => {
    const { start, end } = made.location
    const lines = originals.get(made.fileName)!.split('\n')
    return {
      id: `tool-${made.id}`,
      room: roomOf(made.fileName),
      file: made.fileName,
      line: start.line + 1,
      from: cut(lines, start, end),
      to: made.replacement,
      how: `tool ${made.mutatorName}`,
      ...(made.status === 'Ignored' && { isSwitchedOff: true }),
      plant: { switch: made.id },
    }
  })
  return {
    mutants,
    texts: new Map(result.files.map(({ name, content }) => [name, withHeader(content)])),
  }
}

function withHeader(content: string): string {
  // A `#!` line or a directive would have to stay first; no file of ours has one.
  return content.includes('stryMutAct_9fa48') ? `${HEADER}${content}` : content
}

interface Position {
  readonly line: number
  readonly column: number
}

function cut(lines: readonly string[], start: Position, end: Position): string {
  if (start.line === end.line) return lines[start.line]!.slice(start.column, end.column)
  return [
    lines[start.line]!.slice(start.column),
    ...lines.slice(start.line + 1, end.line),
    lines[end.line]!.slice(0, end.column),
  ].join('\n')
}
