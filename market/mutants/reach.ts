// Which tests can reach a file: by what they import and what they start, followed to the end.

import fs from 'node:fs'
import path from 'node:path'

/** Whole markets by the minute: `npm test` runs them, a bug does not wait for them. */
const TOO_WIDE = /^market\/(scenarios|sim|hunt|captured|bench|mutants)\/|^bootstrap\/|^[^/]+$/

export class Reach {
  readonly #edges = new Map<string, readonly string[]>()
  /** For each test, how many steps away each file is that it reaches. */
  readonly #steps = new Map<string, ReadonlyMap<string, number>>()
  readonly leftOut: readonly string[]

  constructor(root: string, files: readonly string[]) {
    const known = new Set(files)
    const folders = new Set(files.map((file) => path.posix.dirname(file)))
    for (const file of files)
      if (/\.tsx?$/.test(file))
        this.#edges.set(file, importsOf(file, fs.readFileSync(path.join(root, file), 'utf8'), known, folders))
    const tests = files.filter((file) => file.endsWith('.test.ts'))
    this.leftOut = tests.filter((test) => TOO_WIDE.test(test))
    for (const test of tests) if (!TOO_WIDE.test(test)) this.#steps.set(test, this.#walk(test))
  }

  /** The tests that reach a file, or a folder that is read as a whole; nearest first. */
  testsOf(file: string): string[] {
    const folder = path.posix.dirname(file)
    return [...this.#steps]
      .flatMap(([test, steps]) => {
        const away = steps.get(file) ?? steps.get(folder)
        return away === undefined ? [] : [{ test, away: away + 10 * strangeness(test, file) }]
      })
      .sort((a, b) => a.away - b.away || (a.test < b.test ? -1 : 1))
      .map(({ test }) => test)
  }

  #walk(test: string): ReadonlyMap<string, number> {
    const steps = new Map([[test, 0]])
    // A Map is walked in the order of insertion, what is added on the way included.
    for (const [file, away] of steps)
      for (const next of this.#edges.get(file) ?? []) if (!steps.has(next)) steps.set(next, away + 1)
    return steps
  }
}

/** 0 in the same folder, 1 in the same workspace, 2 elsewhere. */
export function strangeness(test: string, file: string): 0 | 1 | 2 {
  const [a, b] = [path.posix.dirname(test), path.posix.dirname(file)]
  if (a === b || b.startsWith(`${a}/`)) return 0
  return a.split('/')[0] === b.split('/')[0] ? 1 : 2
}

function importsOf(
  file: string,
  text: string,
  known: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): string[] {
  const pattern =
    /(?:^import (?!type)[^'"]*from\s+|^export (?!type)[^'"]*from\s+|^\} from\s+|import\s*\(\s*|^import\s+|new URL\(\s*)['"]([^'"]+)['"]/gm
  return [...text.matchAll(pattern)].flatMap(([, specifier]) => {
    const plain = specifier!.startsWith('@scratchless/')
      ? candidates(specifier!.slice('@scratchless/'.length))
      : [path.posix.join(path.posix.dirname(file), specifier!).replace(/\/$/, '')]
    return plain.filter((target) => known.has(target) || folders.has(target)).slice(0, 1)
  })
}

/** `centre/supply/desk` is centre/src/supply/desk.ts, as the workspace's exports say. */
function candidates(inside: string): string[] {
  const [workspace, ...rest] = inside.split('/')
  const name = rest.join('/')
  return [`${workspace}/src/${name}`, `${workspace}/${name}`].flatMap((base) => [
    `${base}.ts`,
    `${base}.tsx`,
    base,
  ])
}
