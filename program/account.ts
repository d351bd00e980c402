// An account of this machine for each process, where the starter is root: what one of them may read, another may not.

import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigProblem } from './config-file.ts'
import { readableByAll } from './readable-code.ts'

/** The number of a user, and of the group of the same number. They need no name on this machine. */
export const account = z.int().min(1).max(65_533)

export function startedAsRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * The accounts of a program's processes: those of the settings where we are root, none elsewhere.
 * Throws a ConfigProblem where root is to run it without.
 */
export function accountsFor<Accounts extends Readonly<Record<string, number>>>(settings: {
  readonly accounts?: Accounts | undefined
}): Accounts | null {
  if (!startedAsRoot()) return null
  const { accounts } = settings
  if (accounts === undefined)
    throw new ConfigProblem(
      'accounts: missing; started as root, each process runs under an account of its own: name their numbers, or start it as another user',
    )
  const numbers = Object.values(accounts)
  if (new Set(numbers).size !== numbers.length)
    throw new ConfigProblem('accounts: two processes have the same number; each needs its own')
  return accounts
}

/** Which module to fork, and with what, so that it runs under an account; as ourselves where there is none. */
export function runUnder(
  account: number | undefined,
  module: string,
): { readonly module: string; readonly options: { uid?: number; gid?: number; execPath?: string } } {
  if (account === undefined) return { module, options: {} }
  const { module: readable, execPath } = readableByAll(module)
  return { module: readable, options: { uid: account, gid: account, execPath } }
}

/** In a process that root started: from here on it is this account's, and cannot go back. */
export function changeAccount(account: number): void {
  // What Node compiled so far goes where only we may write.
  flushCompileCache()
  process.setgroups!([])
  process.setgid!(account)
  process.setuid!(account)
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
    giveFiles(path, owner)
    chownSync(path, owner, group!)
  }
  chmodSync(path, group === owner ? 0o700 : 0o2710)
}

/** Gives an account what lies in a folder, through no link. */
export function giveFiles(folder: string, owner: number): void {
  for (const name of readdirSync(folder)) lchownSync(join(folder, name), owner, owner)
}

/** Makes a folder that is ours, and where there are accounts lets them pass through it to what is theirs. */
export function shareFolder(path: string, accounts: object | null): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (accounts !== null) chmodSync(path, 0o711)
}
