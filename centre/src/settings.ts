// The centre's settings file, checked before anything starts.

import { isAbsolute } from 'node:path'
import { isTimeZone } from '@scratchless/office/calendar/office-day'
import { type MigrationSource, OFFICE_VAULT_MIGRATIONS } from '@scratchless/office/database/migrate'
import type { VaultMove } from '@scratchless/office/database/move-vault'
import {
  officeApiSettings,
  officeMainSettings,
  officeVaultSettings,
} from '@scratchless/office/program/run-office'
import { approverSettings, publicKeyField } from '@scratchless/office/staff/approver-settings'
import { tokenNeedsInterop, tokenSettings } from '@scratchless/office/vault/token-settings'
import { listener, protectedListener } from '@scratchless/program/http/listener'
import { centreId, idPattern, operatorId } from '@scratchless/voucher/ids'
import { type Currency, isCurrency } from '@scratchless/voucher/money'
import { RESTOCK_LEVEL } from '@scratchless/wire/restock/restock-messages'
import { z } from 'zod'

const partner = z.strictObject({
  party: z.string().regex(idPattern('OperatorId')).transform(operatorId),
  name: z.string().min(1).max(64),
  colour: z
    .string()
    .regex(/^#[0-9A-Fa-f]{6}$/, 'a colour as #RRGGBB')
    .transform((text) => text.toUpperCase()),
  customerCare: z.string().max(20),
  suite: z.enum(['modern', 'interop']),
  /** The highest level of messages between us, agreed like the suite. */
  level: z.int().min(1).max(RESTOCK_LEVEL).default(1),
  url: z.url({ protocol: /^https$/ }),
  /** Its key that signs restock messages, RSA. */
  verifyKey: publicKeyField,
  /** Its key for which restock messages are closed, RSA. */
  wrapKey: publicKeyField,
  tlsAuthority: z.string().min(1),
  /** `fingerprintOf` its TLS key. */
  tlsPin: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'),
})

const fields = {
  party: z.string().regex(idPattern('CentreId')).transform(centreId),
  name: z.string().min(1).max(64),
  phone: z.string().max(20),
  currency: z.custom<Currency>(
    (value) => typeof value === 'string' && isCurrency(value),
    'a currency we know',
  ),
  dataFolder: z.string().refine(isAbsolute, 'an absolute path'),
  keysFolder: z.string().min(1).default('keys'),
  /** Absent: the vault's RSA keys lie in key files, like all others. */
  token: tokenSettings.optional(),
  /** By which days begin and end (IANA). */
  timeZone: z.string().refine(isTimeZone, 'a time zone as IANA names it, Africa/Tunis').default('UTC'),
  /** For screens. */
  staffHttp: listener,
  /** Where operators bring deliveries: mutual TLS. */
  partnerHttps: protectedListener,
  /** Where terminals ask: TLS with the key that they know. */
  supplyHttps: protectedListener,
  /** The same for modems: plain frames, which protect themselves. */
  frames: protectedListener,
  partners: z.array(partner).min(1),
  /** Whose approvals the vault believes; entered by ceremony. */
  approvers: approverSettings,
  /** The most that one terminal is given, by the vault's own count. */
  ceilings: z.strictObject({ codesPerHour: z.int().min(1), codesPerDay: z.int().min(1) }),
  lease: z.strictObject({ days: z.int().min(1).max(60), unreportedSales: z.int().min(1).max(65_535) }),
  /** Lifetime of a terminal's safe key. */
  epochDays: z.int().min(1).max(60),
  /** For how long requests of terminals and their answers are kept whole; after that, their hashes. */
  messageBytesDays: z.int().min(1).max(3_650).default(90),
  /** What every retailer gets off the public price, until a rate says otherwise. */
  discountBasisPoints: z.int().min(0).max(10_000),
}

/** The settings file. */
export const centreSettings = z
  .strictObject({ ...fields, ...officeMainSettings })
  .superRefine(tokenNeedsInterop)

/** What of it each process is handed: no other's database address. */
export const centreApiSettings = z.strictObject({ ...fields, ...officeApiSettings })
export const centreVaultSettings = z.strictObject({ ...fields, ...officeVaultSettings })

export type CentreSettings = z.output<typeof centreApiSettings>
export type CentreVaultSettings = z.output<typeof centreVaultSettings>

/** The centre's own tables; the office's and the ledger's come before them. */
export const CENTRE_MIGRATIONS: MigrationSource = {
  name: 'centre',
  folder: new URL('../db/', import.meta.url),
}

/** All of the vault's own database. */
export const CENTRE_VAULT_MIGRATIONS: readonly MigrationSource[] = [
  OFFICE_VAULT_MIGRATIONS,
  { name: 'centre-vault', folder: new URL('../vault-db/', import.meta.url) },
]

/** A centre of the first release had one depot. */
function ofFirstDepot(table: string) {
  return { table, from: `SELECT *, 'main' AS depot_id FROM ${table}` }
}

/** What the first release had in the books. */
export const CENTRE_VAULT_MOVE: VaultMove = {
  tables: [
    { table: 'product', from: 'SELECT id, operator, code_digits, check_digit FROM product' },
    { table: 'vault_lot_record' },
    {
      table: 'vault_pack',
      from: `SELECT 'main' AS depot_id, operator, first_serial, count, record_id, first_index, sealed,
                    (-1)::bit(1000) << (1000 - closed_upto) AS closed
               FROM vault_pack`,
    },
    { table: 'vault_fingerprint' },
    ofFirstDepot('vault_restock_line'),
    { table: 'vault_restock_delivery' },
    { table: 'vault_certificate' },
    { table: 'vault_enrolment' },
    ofFirstDepot('vault_terminal'),
    { table: 'vault_card' },
    ofFirstDepot('vault_safe_key'),
    ofFirstDepot('vault_supply'),
  ],
  after: [
    // What a terminal of the first release was given with its certificate: the centre's newest of that time.
    `UPDATE vault_certificate AS terminal
        SET centre_certificate = (SELECT max(centre.number) FROM vault_certificate AS centre
                                   WHERE centre.subject !~ '^T[0-9]' AND centre.number < terminal.number)
      WHERE terminal.subject ~ '^T[0-9]'`,
  ],
  sequences: ['vault_certificate_number_seq', 'vault_enrolment_number_seq'],
  // A vault makes its own certificate at its first start.
  signs: ['vault_certificate', 'vault_restock_line', 'kept_head'],
}
