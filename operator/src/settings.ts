// The operator's settings file.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { isTimeZone } from '@scratchless/office/calendar/office-day'
import { type MigrationSource, OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { officeMainSettings, officeProcessSettings } from '@scratchless/office/program/run-office'
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
export const operatorProcessSettings = z.strictObject({ ...fields, ...officeProcessSettings })

export type OperatorSettings = z.output<typeof operatorProcessSettings>

/** All of an operator's tables: what offices have, the ledger, and its own. */
export const OPERATOR_MIGRATIONS: readonly MigrationSource[] = [
  OFFICE_MIGRATIONS,
  LEDGER_MIGRATIONS,
  { name: 'operator', folder: new URL('../db/', import.meta.url) },
]
