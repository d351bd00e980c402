// Under which of its certificates the centre answers: the one that it gave out together with the terminal's certificate
// that the request came under. A newer one reaches a terminal with its next certificate, and not before.

import type { Sql } from '@scratchless/office/database/database'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { TerminalId } from '@scratchless/voucher/ids'
import { p256Signer, type Signer } from '@scratchless/wire/compact/cose'
import { kidOfNumber, verifyCertificate } from '@scratchless/wire/compact/cwt'
import { findCertificate, findNewestCertificate } from './ring.sql.ts'
import { certify } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'

const DAY_S = 86_400
/** Longer than a terminal's certificate: what is given with one outlives it. */
const LEAST_LEFT_S = 100 * DAY_S

export interface GivenCertificate {
  readonly number: number
  readonly bytes: Buffer
  readonly endsAtS: number
}

type SignerNeeds = Pick<VaultNeeds, 'keys' | 'clock' | 'centre'>

/** The certificate that goes out with a terminal's; made where the last one has too little time left. */
export async function centreCertificateToGive(needs: SignerNeeds, sql: Sql): Promise<GivenCertificate> {
  const { keys, clock, centre } = needs
  const known = await findNewestCertificate(sql, centre)
  const verified = known && verifyCertificate(known.bytes, keys.rootPublic, nowSeconds(clock) + LEAST_LEFT_S)
  if (known && typeof verified === 'object' && verified.publicKey.equals(keys.supplyPublic))
    return { ...known, endsAtS: verified.expiresAtS }
  const made = await certify(
    needs,
    sql,
    { name: centre, purpose: 'centre', publicKey: keys.supplyPublic },
    null,
  )
  return { number: made.number, bytes: made.bytes, endsAtS: made.expiresAtS }
}

/** The signer of answers to requests under this certificate of this terminal. Throws where it is none of its. */
export async function signerUnder(
  needs: Pick<VaultNeeds, 'keys' | 'pool' | 'signers'>,
  terminal: TerminalId,
  certificate: number,
): Promise<Signer> {
  const name = `${terminal} ${certificate}`
  const known = needs.signers.get(name)
  if (known !== undefined) return known
  const row = await findCertificate(needs.pool, certificate)
  if (row?.subject !== terminal || row.centre_certificate === null)
    throw new Error(`certificate ${certificate} is none of ${terminal}'s`)
  const signer = signerOfNumber(needs, row.centre_certificate)
  if (needs.signers.size >= MAX_SIGNERS) needs.signers.delete(needs.signers.keys().next().value!)
  needs.signers.set(name, signer)
  return signer
}

export function signerOfNumber({ keys }: Pick<VaultNeeds, 'keys'>, centreCertificate: number): Signer {
  return p256Signer(kidOfNumber(centreCertificate), keys.supplySign)
}

/** As many terminals as a centre has; a signer is some hundred bytes. */
const MAX_SIGNERS = 20_000
