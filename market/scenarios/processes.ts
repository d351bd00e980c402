// The processes that a market consists of, as the operating system sees them.

import fs from 'node:fs'
import path from 'node:path'

export interface MarketProcess {
  readonly pid: number
  /** What it is, the same in every life: `centre/vault`, `postgres`, `market`. */
  readonly kind: string
}

interface Listed {
  readonly pid: number
  readonly parent: number
  readonly args: readonly string[]
}

/** The process of this number and all that it started, however far down. */
export function processesOf(root: number): MarketProcess[] {
  const children = Map.groupBy(everyProcess(), ({ parent }) => parent)
  const found: MarketProcess[] = [{ pid: root, kind: 'market' }]
  const waiting = [root]
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    for (const child of children.get(pid) ?? []) {
      found.push({ pid: child.pid, kind: kindOf(child.args) })
      waiting.push(child.pid)
    }
  }
  return found
}

/** Every process whose command line names this folder, or that works in it; this process and its ancestors excepted. */
export function processesOn(folder: string): MarketProcess[] {
  const all = everyProcess()
  const parentOf = new Map(all.map(({ pid, parent }) => [pid, parent]))
  const own = new Set<number>()
  for (let pid: number | undefined = process.pid; pid; pid = parentOf.get(pid)) own.add(pid)
  return all
    .filter(
      ({ pid, args }) => !own.has(pid) && (args.some((arg) => arg.includes(folder)) || worksIn(pid, folder)),
    )
    .map(({ pid, args }) => ({ pid, kind: kindOf(args) }))
}

function everyProcess(): Listed[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = fs.readFileSync(`/proc/${name}/status`, 'utf8')
        const args = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
        // A process that ended and was not waited for yet has no command line.
        if (args.join('') === '') return []
        return [{ pid: Number(name), parent: Number(/^PPid:\s*(\d+)/m.exec(status)![1]), args }]
      } catch {
        return [] // it ended while we looked
      }
    })
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return `${fs.readlinkSync(`/proc/${pid}/cwd`)}${path.sep}`.startsWith(folder + path.sep)
  } catch {
    return false // it ended, or belongs to somebody else
  }
}

function kindOf(args: readonly string[]): string {
  const [command = ''] = args
  if (command.startsWith('postgres:')) return 'postgres backend'
  if (path.basename(command) === 'postgres') return 'postgres'
  const script = args.find((arg) => /\.ts$/.test(arg)) ?? command
  const program = path.basename(script, '.ts')
  if (program === 'keeper') return 'postgres keeper'
  if (script.includes(`${path.sep}printer${path.sep}`)) return 'printer'
  const config = args.find((arg) => arg.endsWith(`${path.sep}config.json`))
  return config ? `${path.basename(path.dirname(config))}/${program}` : program
}
