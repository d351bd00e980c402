// Whom the vault believes: terminals by certificates that its own root signed, cards that two approvers agreed to.
// Each row is held against the vault's MAC before anything is taken from it.

import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Sql } from '@scratchless/office/database/database'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { DepotId } from '@scratchless/voucher/ids'
import { p256Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { kidOfNumber, ROOT_KID, signCertificate, verifyCertificate } from '@scratchless/wire/compact/cwt'
import { assertOwnRecord, macRecord, type OwnFields } from './own-record.ts'
import {
  type CardRow,
  type EnrolmentRow,
  type SafeKeyRow,
  storeCertificate,
  type TerminalRow,
  takeCertificateNumber,
} from './ring.sql.ts'
import type { VaultKeys } from './vault-keys.ts'
import type { VaultNeeds } from './vault-needs.ts'

/** How long a certificate holds. A terminal's is renewed by message, from 30 days before its end. */
const LIFETIME_S = { terminal: 90 * 86_400, centre: 365 * 86_400 } as const
/** A terminal's clock may be a little behind the centre's. */
const BACKDATED_S = 60

/** Rows older than depots are of the first one, and say nothing of it. */
const FIRST_DEPOT = 'main'
const depotFields = ({ depot_id }: { depot_id: DepotId }) => (depot_id === FIRST_DEPOT ? [] : [depot_id])

const terminalFields = (
  row: Pick<TerminalRow, 'id' | 'depot_id' | 'retailer_id' | 'certificate'>,
): OwnFields => ['terminal', row.id, row.retailer_id, row.certificate, ...depotFields(row)]
const cardFields = (row: Omit<CardRow, 'mac'>): OwnFields => [
  'card',
  row.id,
  row.retailer_id,
  row.vendor_id,
  row.class,
  row.public_key,
]
const safeKeyFields = (row: Omit<SafeKeyRow, 'mac'>): OwnFields => [
  'safe-key',
  row.terminal_id,
  row.epoch,
  row.ends_at.getTime(),
  row.wrapped_key,
  ...depotFields(row),
]
const enrolmentFields = (row: Omit<EnrolmentRow, 'mac' | 'device_key' | 'certificate'>): OwnFields => [
  'enrolment',
  row.terminal_id,
  row.number,
  row.retailer_id,
  row.expires_at.getTime(),
  row.wrapped_keys,
]

export const macTerminal = (keys: VaultKeys, row: Parameters<typeof terminalFields>[0]): Buffer =>
  macRecord(keys.macKey, terminalFields(row))
export const macCard = (keys: VaultKeys, row: Omit<CardRow, 'mac'>): Buffer =>
  macRecord(keys.macKey, cardFields(row))
export const macSafeKey = (keys: VaultKeys, row: Omit<SafeKeyRow, 'mac'>): Buffer =>
  macRecord(keys.macKey, safeKeyFields(row))
export const macEnrolment = (keys: VaultKeys, row: Parameters<typeof enrolmentFields>[0]): Buffer =>
  macRecord(keys.macKey, enrolmentFields(row))

export function assertOwnEnrolment(keys: VaultKeys, row: EnrolmentRow): void {
  assertOwnRecord(keys.macKey, enrolmentFields(row), row.mac)
}

export function assertOwnSafeKey(keys: VaultKeys, row: SafeKeyRow): void {
  assertOwnRecord(keys.macKey, safeKeyFields(row), row.mac)
}

/** The public key of a card of the ring. Throws a ForeignRecord. */
export function cardKeyOf(keys: VaultKeys, row: CardRow): KeyObject {
  assertOwnRecord(keys.macKey, cardFields(row), row.mac)
  return createPublicKey({ key: row.public_key, format: 'der', type: 'spki' })
}

/** Whose signature a terminal's messages carry; null where it is revoked or its certificate has ended. */
export function terminalVerifier(
  needs: Pick<VaultNeeds, 'keys' | 'clock' | 'certificates'>,
  row: Omit<TerminalRow, 'centre_bytes' | 'centre_certificate'>,
): Verifier | null {
  const { keys, clock, certificates } = needs
  assertOwnRecord(keys.macKey, terminalFields(row), row.mac)
  if (row.revoked_at !== null) return null
  const nowS = nowSeconds(clock)
  // By its bytes: what the root has signed it has signed, and its time is looked at each time.
  const certificate = certificates.get(row.bytes.toString('latin1'), () =>
    verifyCertificate(row.bytes, keys.rootPublic, nowS),
  )
  if (typeof certificate === 'string' || certificate.subject !== row.id) return null
  if (nowS < certificate.issuedAtS || nowS >= certificate.expiresAtS) return null
  return { kid: certificate.kid, publicKey: certificate.publicKey }
}

/** A terminal's safe key, verified once and then kept in memory. Throws a ForeignRecord. */
export function safeKeyOf(needs: VaultNeeds, row: SafeKeyRow): KeyObject {
  assertOwnSafeKey(needs.keys, row)
  // By its MAC: a key that was made and never committed is none that this epoch has.
  const name = `safe ${row.terminal_id} ${row.epoch} ${row.mac.toString('base64')}`
  const key = needs.cache.get(name, () => needs.keys.stock.open(row.wrapped_key) ?? 'not-for-this-key')
  if (typeof key === 'string')
    throw new Error(`the safe key of ${row.terminal_id}, epoch ${row.epoch}, is ${key}`)
  return key
}

/**
 * Certifies a key for a subject: takes a number, signs with the root, stores. `givenWith`: the centre's certificate
 * that a terminal gets together with its own; null for the centre's.
 */
export async function certify(
  needs: Pick<VaultNeeds, 'keys' | 'clock' | 'centre'>,
  sql: Sql,
  subject: { name: string; purpose: 'terminal' | 'centre'; publicKey: KeyObject },
  givenWith: number | null,
): Promise<{ number: number; bytes: Buffer; expiresAtS: number }> {
  const number = await takeCertificateNumber(sql, subject.name)
  const nowS = nowSeconds(needs.clock)
  const expiresAtS = nowS + LIFETIME_S[subject.purpose]
  const bytes = signCertificate(
    {
      issuer: needs.centre,
      subject: subject.name,
      purpose: subject.purpose,
      kid: kidOfNumber(number),
      publicKey: subject.publicKey,
      issuedAtS: nowS - BACKDATED_S,
      expiresAtS,
    },
    p256Signer(ROOT_KID, needs.keys.root),
  )
  await storeCertificate(sql, number, bytes, givenWith)
  return { number, bytes, expiresAtS }
}
