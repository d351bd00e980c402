// npm run token-keys: founds an office's RSA keys inside a PKCS#11 token.
//
//   npm run token-keys -- --library FILE --label NAME --keys FOLDER [--passphrase-fd 3 3< <(…)] < PIN
//
// Makes the pairs that the token lacks, inside it, leaves their public halves in FOLDER for partners, and closes the
// token's PIN into FOLDER under the passphrase of the vault. FOLDER is the vault's key folder (`keys/vault`).

import { createSecretKey } from 'node:crypto'
import { isAbsolute, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigProblem } from '@scratchless/program/config-file'
import { readToEnd } from '@scratchless/program/hand-over'
import { readPassphrase } from '@scratchless/program/passphrase'
import { systemRandom } from '@scratchless/voucher/random'
import { KeyProblem, keepTokenPin } from './party-keys.ts'
import { passphraseFor } from './passphrase-box.ts'
import { makeTokenKeys } from './pkcs11-keys.ts'

const STDIN = 0
const MAX_PIN_BYTES = 256

try {
  await found()
} catch (problem) {
  if (!(problem instanceof ConfigProblem || problem instanceof KeyProblem)) throw problem
  process.stderr.write(`${problem.message}\n`)
  process.exitCode = 2
}

async function found(): Promise<void> {
  const { values } = parseArgs({
    options: {
      library: { type: 'string' },
      label: { type: 'string' },
      keys: { type: 'string' },
      'passphrase-fd': { type: 'string' },
    },
  })
  const { library, label, keys } = values
  if (library === undefined || label === undefined || keys === undefined || !isAbsolute(library))
    throw new ConfigProblem(
      'Say --library (an absolute path), --label and --keys; the PIN comes on standard input.',
    )
  const passphrase = readPassphrase()
  const pin = trimmed(readToEnd(STDIN, MAX_PIN_BYTES))
  if (pin.length === 0) throw new ConfigProblem('No PIN came on standard input.')
  const folder = resolve(keys)
  makeTokenKeys({ library, label }, createSecretKey(pin), folder)
  const opens = passphrase && passphraseFor(passphrase, 'vault')
  await keepTokenPin(folder, pin, { random: systemRandom, ...(opens && { passphrase: opens }) })
  passphrase?.fill(0)
  process.stdout.write(`The RSA keys of ${folder} lie in the token "${label}".\n`)
}

/** Without the line's end that a shell adds. */
function trimmed(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes
}
