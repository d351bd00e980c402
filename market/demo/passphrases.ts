// The demo's passphrases: in the world outside, one person of each party knows one and types it when the party's
// program starts. Here a file stands for these people; docs/divergences.md says what that is worth.

import fs from 'node:fs'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import type { DataFolder } from './data-folder.ts'

const PASSPHRASE_BYTES = 24

/** The passphrase of a party, a terminal or a member of staff; made at the first asking. */
export function passphraseOf(data: DataFolder, who: string): Buffer {
  const file = data.path('passphrases.json')
  const known: Record<string, string> = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
  if (known[who] === undefined) {
    known[who] = randomBytes(systemRandom, PASSPHRASE_BYTES).toString('base64url')
    fs.writeFileSync(file, JSON.stringify(known, null, 2), { mode: 0o600 })
  }
  return Buffer.from(known[who])
}
