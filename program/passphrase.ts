// The passphrase of a program's keys, from a descriptor that the program inherited: `--passphrase-fd 3 3< <(…)`.

import { parseArgs } from 'node:util'
import { ConfigProblem } from './config-file.ts'
import { readToEnd } from './hand-over.ts'

const MAX_PASSPHRASE_BYTES = 1_024
const NEWLINE = 0x0a

/**
 * The passphrase, without the line's end; null where no descriptor is named. Throws a ConfigProblem where the
 * descriptor is none, or gives nothing.
 */
export function readPassphrase(argv: readonly string[] = process.argv.slice(2)): Buffer | null {
  const { values } = parseArgs({
    args: [...argv],
    options: { 'passphrase-fd': { type: 'string' } },
    strict: false,
  })
  const named = values['passphrase-fd']
  if (named === undefined) return null
  const descriptor = Number(named)
  if (!Number.isInteger(descriptor) || descriptor < 3)
    throw new ConfigProblem('--passphrase-fd takes the number of an open descriptor, 3 or above')
  let bytes: Buffer
  try {
    bytes = readToEnd(descriptor, MAX_PASSPHRASE_BYTES)
  } catch (error) {
    const why = error instanceof RangeError ? error.message : (error as NodeJS.ErrnoException).code
    throw new ConfigProblem(`no passphrase could be read from descriptor ${descriptor}: ${why}`, {
      cause: error,
    })
  }
  const end = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
  if (end === 0) throw new ConfigProblem(`descriptor ${descriptor} gave an empty passphrase`)
  return bytes.subarray(0, end)
}
