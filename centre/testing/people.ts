// What people at a centre do before a shop can order, done at once: they open its account, register its card, and
// certify its terminal. The vault's own answers, and two approvers' signatures.

import type { KeyObject } from 'node:crypto'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { postOnce } from '@scratchless/ledger/post-transfers'
import type { Transfer } from '@scratchless/ledger/transfer'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction } from '@scratchless/office/database/database'
import { signApproval } from '@scratchless/office/staff/approval'
import {
  type CardId,
  type DepotId,
  type RetailerId,
  type TerminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import type { CentreNeeds } from '../src/needs.ts'
import { CASH_ACCOUNT, openHeldAccount, retailerAccount } from '../src/retailers/accounts.ts'
import { insertRetailer } from '../src/retailers/retailers.sql.ts'
import { insertVendor } from '../src/retailers/shop-settings.sql.ts'
import {
  activateTerminal,
  insertCard,
  insertEnrolment,
  insertTerminal,
  markCardRegistered,
} from '../src/terminals/terminals.sql.ts'
import type { VaultVerbs } from '../src/vault/verbs.ts'
import type { TestApprover } from './centre-settings.ts'
import { DEPOT } from './main-depot.ts'

/** The centre as these people see it. */
export interface PeopleNeeds {
  readonly needs: Pick<CentreNeeds, 'pool' | 'clock'> & { readonly vault: OfficeVerbs }
  readonly approvers: readonly Pick<TestApprover, 'name' | 'privateKey'>[]
}

type OfficeVerbs = Pick<VaultVerbs, 'registerCard' | 'beginEnrolment' | 'certifyTerminal'>

export const VENDOR = vendorId('02')

function approve({ approvers }: PeopleNeeds, purpose: string, fields: (string | Uint8Array)[]) {
  return approvers.map(({ name, privateKey }) => ({
    approver: name,
    signature: signApproval(privateKey, purpose, fields),
  }))
}

/** A retailer with its account; what was paid in comes from nowhere. */
export async function addRetailer(
  { needs }: PeopleNeeds,
  depositMinor: bigint,
  depot: DepotId = DEPOT,
): Promise<RetailerId> {
  const { pool, clock } = needs
  const at = new Date(clock.nowMs())
  const { id } = await insertRetailer(pool, {
    ...{ depot, name: 'Épicerie El Amen', place: 'Tunis', addedAt: at },
  })
  await openHeldAccount(pool, 'retailer', {
    ...{ depotId: depot, holder: id, currency: 'TND', creditLineMinor: 0n, openedAt: at },
  })
  await insertVendor(pool, { retailer: id, name: 'Vendor', addedAt: at })
  if (depositMinor > 0n)
    await inTransaction(pool, (sql) =>
      postOnce(sql, depot, depositOf(id, 'first', depositMinor), bookingAt(at, 'UTC')),
    )
  return id
}

export function depositOf(retailer: RetailerId, name: string, amountMinor: bigint): Transfer {
  return {
    ...{ id: `deposit:${retailer}:${name}`, kind: 'deposit', subject: retailer, currency: 'TND' },
    ...{ debit: CASH_ACCOUNT, credit: retailerAccount(retailer), amountMinor },
  }
}

/** A vendor card, as the office entered it and in the vault's ring. */
export async function registerCard(
  people: PeopleNeeds,
  retailer: RetailerId,
  card: CardId,
  publicKey: KeyObject,
): Promise<void> {
  const { pool, clock, vault } = people.needs
  const at = new Date(clock.nowMs())
  const der = publicKey.export({ type: 'spki', format: 'der' })
  await insertCard(pool, {
    ...{ id: card, retailer_id: retailer, vendor_id: VENDOR, class: 'file', public_key: der },
    ...{ key_fingerprint: fingerprintOf(publicKey), addedAt: at },
  })
  const registered = await vault.registerCard({
    ...{ card, retailer, vendor: VENDOR, class: 'file', publicKey: der },
    approvals: approve(people, 'register-card', [card, retailer, VENDOR, 'file', fingerprintOf(publicKey)]),
  })
  if (registered !== 'registered') throw new Error(registered)
  await markCardRegistered(pool, card, at)
}

/** A new terminal of a shop, with an enrolment open for an hour. */
export async function beginEnrolment(people: PeopleNeeds, retailer: RetailerId, depot: DepotId = DEPOT) {
  const { pool, clock } = people.needs
  const id = await insertTerminal(pool, { depot, retailer, addedAt: new Date(clock.nowMs()) })
  return openEnrolment(people, id, retailer)
}

/** An enrolment of a terminal, its first or another, open for an hour. */
export async function openEnrolment({ needs }: PeopleNeeds, id: TerminalId, retailer: RetailerId) {
  const at = new Date(needs.clock.nowMs())
  const expiresAtS = Math.floor(at.getTime() / 1000) + 3_600
  const { enrolmentNumber, enrolmentCode } = await needs.vault.beginEnrolment({
    ...{ terminal: id, retailer, expiresAtS },
  })
  await insertEnrolment(needs.pool, {
    ...{ number: enrolmentNumber, terminal: id, openedAt: at },
    expiresAt: new Date(expiresAtS * 1000),
  })
  return { id, enrolmentNumber, enrolmentCode, expiresAtS }
}

/** Both approvers compare the device's fingerprint and sign; the terminal is active from here on. */
export async function certify(
  people: PeopleNeeds,
  asked: {
    readonly id: TerminalId
    readonly retailer: RetailerId
    readonly depot?: DepotId
    readonly enrolmentNumber: number
    readonly deviceKey: KeyObject
  },
): Promise<void> {
  const { id, retailer, depot = DEPOT, enrolmentNumber, deviceKey } = asked
  const { needs } = people
  const certified = await needs.vault.certifyTerminal({
    ...{ terminal: id, depot, enrolmentNumber },
    approvals: approve(people, 'certify-terminal', [id, retailer, deviceFingerprint(deviceKey)]),
  })
  if (typeof certified === 'string') throw new Error(certified)
  await activateTerminal(needs.pool, { id, ...certified })
}
