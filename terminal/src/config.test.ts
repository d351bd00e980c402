import { expect, test } from 'vitest'
import { DEFAULT_PACE } from '../testing/card-pace.ts'
import { apiSchema, configSchema } from './config.ts'

const given = {
  dataFolder: '/var/lib/till',
  http: { port: 4000 },
  centre: {
    transport: 'https',
    url: 'https://centre.example/supply',
    tlsAuthority: '-----BEGIN CERTIFICATE-----',
    tlsPin: 'a'.repeat(64),
    frames: { host: '127.0.0.1', port: 4001 },
  },
  printer: { host: '127.0.0.1', port: 9100 },
  card: { class: 'file', folder: 'card', allowFileCard: true },
}
const wrong = (change: object) => {
  const read = configSchema.safeParse({ ...given, ...change })
  return read.success ? 'taken' : read.error.issues.map(({ path }) => path.join('.')).join(' ')
}

test('what the settings leave out is as a shop wants it', () => {
  expect(configSchema.parse(given)).toMatchObject({
    ...{ locale: 'fr', minimumStock: 20, printer: { columns: 32 } },
    ...{ card: { openingsPerSecond: DEFAULT_PACE }, centre: { modem: false } },
    reporting: { sales: 0, seconds: 0 },
  })
  expect(apiSchema.parse(given).beginAnew).toBe(false)
})

test.each([
  ['dataFolder', { dataFolder: 'till' }],
  ['centre.tlsPin', { centre: { ...given.centre, tlsPin: 'A'.repeat(64) } }],
  ['centre.tlsPin', { centre: { ...given.centre, tlsPin: 'a'.repeat(63) } }],
  ['centre.tlsAuthority', { centre: { ...given.centre, tlsAuthority: 'none' } }],
  ['centre.url', { centre: { ...given.centre, url: 'http://centre.example/supply' } }],
  ['centre.transport', { centre: { ...given.centre, transport: 'modem' } }],
  ['centre.frames.port', { centre: { ...given.centre, frames: { host: 'a', port: 65_536 } } }],
  ['printer.columns', { printer: { ...given.printer, columns: 40 } }],
  ['printer.port', { printer: { ...given.printer, port: 0 } }],
  ['card', { card: { class: 'file', folder: 'card' } }],
  ['card.openingsPerSecond', { card: { ...given.card, openingsPerSecond: 1_001 } }],
  ['card.openingsPerSecond', { card: { ...given.card, openingsPerSecond: 0 } }],
  ['card.library', { card: { class: 'pkcs11', library: 'lib.so', label: 'vendor', folder: 'card' } }],
  ['card.label', { card: { class: 'pkcs11', library: '/lib.so', label: '', folder: 'card' } }],
  ['minimumStock', { minimumStock: -1 }],
  ['centre.modem', { centre: { ...given.centre, modem: 'yes' } }],
  ['reporting.sales', { reporting: { sales: 501, seconds: 0 } }],
  ['reporting.seconds', { reporting: { sales: 0, seconds: 86_401 } }],
  ['locale', { locale: 'ar' }],
  ['', { minimumStok: 20 }],
])('%s that cannot be so is named', (field, change) => {
  expect(wrong(change)).toBe(field)
})

test('a token’s card is named by library, label and folder', () => {
  expect(wrong({ card: { class: 'pkcs11', library: '/lib.so', label: 'vendor', folder: 'tries' } })).toBe(
    'taken',
  )
})
