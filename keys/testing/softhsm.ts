// For tests only: SoftHSM2, Debian's software token, with tokens of a test's own.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CardId } from '@scratchless/voucher/ids'
import { test } from 'vitest'
import { connectToken, type TokenAddress } from '../pkcs11-token.ts'

export const SOFTHSM_LIBRARY = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
].find(existsSync) as string

const installed =
  Boolean(SOFTHSM_LIBRARY) && spawnSync('softhsm2-util', ['--version']).status === 0 && compiled()

/** Where peers are required, a missing one fails the tests instead of leaving them out. */
export const softhsmTest = test.skipIf(!installed && process.env.PEERS !== 'required')

function compiled(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js')
    return true
  } catch {
    return false // the tests say by their names what they were skipped for
  }
}

/** A folder with empty tokens of these labels, all of one PIN, for this process and those that it starts. */
export function makeTokens(labels: readonly string[], pin: string): { folder: string; drop(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
  mkdirSync(join(folder, 'tokens'))
  const config = join(folder, 'softhsm2.conf')
  writeFileSync(config, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`)
  process.env.SOFTHSM2_CONF = config
  if (installed)
    for (const label of labels)
      execFileSync(
        'softhsm2-util',
        ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '12345678'],
        { stdio: 'pipe' },
      )
  return { folder, drop: () => rmSync(folder, { recursive: true }) }
}

/** What the centre does when it issues a card: the pair is made inside the token and cannot be extracted. */
export function issueTokenCard(address: TokenAddress, pin: string, id: CardId): void {
  const { driver, module, session } = connectToken(address)
  module.C_Login(session, driver.CKU_USER, pin)
  module.C_GenerateKeyPair(
    session,
    { mechanism: driver.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [
      { type: driver.CKA_LABEL, value: id },
      { type: driver.CKA_TOKEN, value: true },
      { type: driver.CKA_WRAP, value: true },
      { type: driver.CKA_MODULUS_BITS, value: 2048 },
      { type: driver.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ],
    [
      { type: driver.CKA_LABEL, value: id },
      { type: driver.CKA_TOKEN, value: true },
      { type: driver.CKA_PRIVATE, value: true },
      { type: driver.CKA_SENSITIVE, value: true },
      { type: driver.CKA_EXTRACTABLE, value: false },
      { type: driver.CKA_UNWRAP, value: true },
      { type: driver.CKA_DECRYPT, value: false },
      { type: driver.CKA_SIGN, value: false },
    ],
  )
  module.C_Logout(session)
  module.C_CloseSession(session)
}
