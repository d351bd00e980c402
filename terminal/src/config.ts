// A terminal's settings. Unknown fields are an error: a misspelt one would otherwise be believed to hold.

import { isAbsolute } from 'node:path'
import { account } from '@scratchless/program/account'
import { listener } from '@scratchless/program/http/listener'
import { z } from 'zod'

const port = z.int().min(1).max(65_535)
const host = z.string().min(1).max(253)

const cardFolder = z.string().min(1)
/** How many codes a second the card process helps to open, sustained; ten more at once. */
const openingsPerSecond = z.number().min(0.1).max(1_000).default(2)

export const configSchema = z.strictObject({
  /** Everything of this terminal stands here; its processes work in it. */
  dataFolder: z.string().refine(isAbsolute, 'an absolute path'),
  /** The screen and its api. */
  http: listener,
  centre: z.strictObject({
    /** What carries the messages, which protect themselves on either. */
    transport: z.enum(['https', 'frames']),
    url: z.url({ protocol: /^https$/ }),
    /** The centre's TLS authority (PEM) and the fingerprint of its TLS key (hex). */
    tlsAuthority: z.string().includes('BEGIN CERTIFICATE'),
    tlsPin: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
    frames: z.strictObject({ host, port }),
    /** The line is dialled: what can wait goes together. */
    modem: z.boolean().default(false),
  }),
  /** Report after so many sales or seconds; absent or 0 both: by the line. The shop's settings count before it. */
  reporting: z
    .strictObject({ sales: z.int().min(0).max(500), seconds: z.int().min(0).max(86_400) })
    .default({ sales: 0, seconds: 0 }),
  /** An ESC/POS printer at the end of a dedicated cable or on loopback: what goes there is clear. */
  printer: z.strictObject({ host, port, columns: z.union([z.literal(32), z.literal(48)]).default(32) }),
  card: z
    .discriminatedUnion('class', [
      z.strictObject({
        class: z.literal('file'),
        /** Relative to dataFolder; absent while no card is inserted. */
        folder: cardFolder,
        allowFileCard: z.boolean().default(false),
        openingsPerSecond,
      }),
      z.strictObject({
        class: z.literal('pkcs11'),
        /** The reader's PKCS#11 library, an absolute path. */
        library: z.string().refine(isAbsolute, 'an absolute path'),
        /** The label of the token that is the vendor card; its key's label is the card's number. */
        label: z.string().min(1).max(32),
        /** Where wrong PINs are counted, relative to dataFolder: not every token locks itself. */
        folder: cardFolder,
        openingsPerSecond,
      }),
    ])
    .refine(
      (card) => card.class !== 'file' || card.allowFileCard,
      'a file card does not withstand theft of the disk: say "allowFileCard": true to use one all the same',
    ),
  /** Used where the program is started as root. */
  accounts: z.strictObject({ api: account, card: account }).optional(),
  locale: z.enum(['fr', 'en']).default('fr'),
  /** Below so many codes a tile warns. */
  minimumStock: z.int().min(0).max(10_000).default(20),
})

export type Config = z.output<typeof configSchema>

/** What the api process is handed besides: a store that is not whole is kept aside, and the device begins anew. */
export const apiSchema = z.strictObject({ ...configSchema.shape, beginAnew: z.boolean().default(false) })

/** Inside the data folder: the processes' working folder. Store and device key are the api process's. */
export const STORE_FOLDER = 'store'
export const STORE_FILE = `${STORE_FOLDER}/terminal.sqlite`
export const KEYS_FOLDER = 'keys'
export const DEVICE_KEY_FILE = `${KEYS_FOLDER}/supply-sign.key`
export const CARD_SOCKET = 'run/card.sock'
