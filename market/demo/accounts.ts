// Account numbers for the market's processes, which are used where it is started as root: chosen once and kept.

import fs from 'node:fs'
import { account } from '@scratchless/program/account'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { z } from 'zod'
import type { DataFolder } from './data-folder.ts'
import { readMarketFile, writeMarketFile } from './market-files.ts'

const FILE = 'accounts.json'
/** Numbers that Linux distributions give to nobody (systemd keeps them for services without a name). */
const FIRST = 61_184
const LAST = 65_519

/** A number of its own for each name, the same at every start. */
export function accountsOf(data: DataFolder, names: readonly string[]): Record<string, number> {
  const known = readMarketFile(data, FILE, z.record(z.string(), account)) ?? {}
  const missing = names.filter((name) => known[name] === undefined)
  if (missing.length === 0) return known
  const taken = new Set([...Object.values(known), ...namedUsers()])
  for (const name of missing) {
    let number: number
    do number = FIRST + (randomBytes(systemRandom, 4).readUInt32BE() % (LAST - FIRST + 1))
    while (taken.has(number))
    taken.add(number)
    known[name] = number
  }
  writeMarketFile(data, FILE, known)
  return known
}

function namedUsers(): number[] {
  return fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => Number(line.split(':')[2]))
}
