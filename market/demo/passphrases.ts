// The demo's passphrases: in the world outside, one person of each party knows one and types it when the party's
// program starts. Here a file stands for these people; docs/divergences.md says what that is worth.

import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { z } from 'zod'
import type { DataFolder } from './data-folder.ts'
import { readMarketFile, writeMarketFile } from './market-files.ts'

const PASSPHRASE_BYTES = 24
const FILE = 'passphrases.json'

/** The passphrase of a party, a terminal or a member of staff; made at the first asking. */
export function passphraseOf(data: DataFolder, who: string): Buffer {
  const known = readMarketFile(data, FILE, z.record(z.string(), z.string().min(1))) ?? {}
  if (known[who] === undefined) {
    known[who] = randomBytes(systemRandom, PASSPHRASE_BYTES).toString('base64url')
    writeMarketFile(data, FILE, known)
  }
  return Buffer.from(known[who])
}
