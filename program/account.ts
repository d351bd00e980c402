// An account of this machine for each process, where the starter is root: what one of them may read, another may not.

import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { ConfigProblem } from './config-file.ts'

/** The number of a user, and of the group of the same number. They need no name on this machine. */
export const account = z.int().min(1).max(65_533)

export function startedAsRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * The accounts of a program's processes: those of the settings where we are root, none elsewhere.
 * Throws a ConfigProblem where root is to run it without, or one of them could not read the program.
 */
export function accountsFor<Accounts extends Readonly<Record<string, number>>>(
  settings: { readonly accounts?: Accounts | undefined },
  program: string,
): Accounts | null {
  if (!startedAsRoot()) return null
  const { accounts } = settings
  if (accounts === undefined)
    throw new ConfigProblem(
      'accounts: missing; started as root, each process runs under an account of its own: name their numbers, or start it as another user',
    )
  const numbers = Object.values(accounts)
  if (new Set(numbers).size !== numbers.length)
    throw new ConfigProblem('accounts: two processes have the same number; each needs its own')
  for (const needed of [process.execPath, program]) {
    const closed = closedToOthers(needed)
    if (closed !== null)
      throw new ConfigProblem(
        `${closed} is closed to other accounts: started as root, the program must lie where all of them may read it`,
      )
  }
  return accounts
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

/**
 * Makes a folder and gives it, with what lies in it, to an account; done once, so that nothing that the account puts
 * there later is touched. `group`: another account that may pass through it (mode 2710: what is made inside is of
 * that group). Without an account it is ours alone.
 */
export function giveFolder(path: string, owner: number | undefined, group = owner): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (owner === undefined) return
  if (!lstatSync(path).isDirectory()) throw new ConfigProblem(`${path} is no folder`)
  if (lstatSync(path).uid !== owner) {
    for (const name of readdirSync(path)) lchownSync(join(path, name), owner, owner)
    chownSync(path, owner, group!)
  }
  chmodSync(path, group === owner ? 0o700 : 0o2710)
}

/** Makes a folder that is ours, and where there are accounts lets them pass through it to what is theirs. */
export function openFolder(path: string, accounts: object | null): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (accounts !== null) chmodSync(path, 0o711)
}
