// The operator's settings file.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { isTimeZone } from '@scratchless/office/calendar/office-day'
import {
  type MigrationSource,
  OFFICE_MIGRATIONS,
  OFFICE_VAULT_MIGRATIONS,
} from '@scratchless/office/database/migrate'
import type { VaultMove } from '@scratchless/office/database/move-vault'
import {
  officeApiSettings,
  officeMainSettings,
  officeVaultSettings,
} from '@scratchless/office/program/run-office'
import { approverSettings } from '@scratchless/office/staff/approver-settings'
import { tokenNeedsInterop, tokenSettings } from '@scratchless/office/vault/token-settings'
import { listener, protectedListener } from '@scratchless/program/http/listener'
import { operatorId } from '@scratchless/voucher/ids'
import { type Currency, isCurrency, parseDecimal } from '@scratchless/voucher/money'
import { z } from 'zod'
import { restockPartnerSettings } from './restock/partner-settings.ts'

const fields = {
  party: z.string().transform(operatorId),
  name: z.string().min(1).max(60),
  colour: z.string().regex(/^#[0-9A-Fa-f]{6}$/),
  /** What its products are priced in. */
  currency: z.custom<Currency>((value) => typeof value === 'string' && isCurrency(value)).default('TND'),
  customerCare: z.string().regex(/^[0-9*#+]{1,20}$/),
  /** Absolute. The program's processes work in it; its key folder and its vault's socket lie below. */
  dataFolder: z.string().startsWith('/'),
  keysFolder: z.string().default('keys'),
  /** Absent: the vault's RSA keys lie in key files, like all others. */
  token: tokenSettings.optional(),
  /** Screens of staff. */
  staffHttp: listener,
  /** Partners: mutual TLS. */
  partnerHttps: protectedListener,
  /** The vault's own listener, for stock files: single-use tokens. */
  stockHttp: listener,
  /** By which days begin and end (IANA). */
  timeZone: z.string().refine(isTimeZone, 'a time zone as IANA names it, Africa/Tunis').default('UTC'),
  partners: z.array(restockPartnerSettings).min(1),
  /** Whose agreements api and vault believe; entered by ceremony. None: nothing that takes two people can be done. */
  approvers: approverSettings.default([]),
}

/** The settings file. */
export const operatorSettings = z
  .strictObject({ ...fields, ...officeMainSettings })
  .superRefine(tokenNeedsInterop)
  .refine(
    ({ partners, currency }) =>
      partners.every(
        ({ guarantee }) => guarantee === undefined || parseDecimal(guarantee, currency) !== null,
      ),
    { path: ['partners'], message: 'a guarantee is no amount of the operator’s currency' },
  )

/** What of it each process is handed: no other's database address. */
export const operatorApiSettings = z.strictObject({ ...fields, ...officeApiSettings })
export const operatorVaultSettings = z.strictObject({ ...fields, ...officeVaultSettings })

export type OperatorSettings = z.output<typeof operatorApiSettings>
export type OperatorVaultSettings = z.output<typeof operatorVaultSettings>

/** All of an operator's books: what offices have, the ledger, and its own tables. */
export const OPERATOR_MIGRATIONS: readonly MigrationSource[] = [
  OFFICE_MIGRATIONS,
  LEDGER_MIGRATIONS,
  { name: 'operator', folder: new URL('../db/', import.meta.url) },
]

/** All of its vault's own database. */
export const OPERATOR_VAULT_MIGRATIONS: readonly MigrationSource[] = [
  OFFICE_VAULT_MIGRATIONS,
  { name: 'operator-vault', folder: new URL('../vault-db/', import.meta.url) },
]

/** What the first release had in the books. Lots that these have entered come first: they are told by their number. */
export const OPERATOR_VAULT_MOVE: VaultMove = {
  tables: [
    { table: 'product', from: 'SELECT id, code_digits, check_digit FROM product' },
    {
      table: 'sealed_lot',
      from: `SELECT *, row_number() OVER (
               ORDER BY EXISTS (SELECT FROM lot WHERE lot.id = sealed_lot.id) DESC, sealed_at, id) AS no
               FROM sealed_lot`,
    },
    {
      table: 'sealed_pack',
      from: `SELECT id, lot, first_serial, count, first_index, sealed,
                    (-1)::bit(1000) << (1000 - closed_upto) AS closed
               FROM sealed_pack`,
    },
    { table: 'code_fingerprint' },
    { table: 'stock_file' },
    { table: 'serial_counter' },
    { table: 'verified_order' },
    { table: 'verified_order_line' },
    { table: 'closed_delivery' },
  ],
  sequences: ['lot_number'],
  after: [`SELECT setval('sealed_lot_no_seq', max(no)) FROM sealed_lot`],
  signs: ['sealed_lot', 'verified_order', 'kept_head'],
}
