// A store of the first release, as a till of that release left it, is a store of today.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { unlockKeyFolder } from '@scratchless/keys/party-keys'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { productId } from '@scratchless/voucher/product'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keysInMemory } from '../../testing/keys-in-memory.ts'
import { auditTerminal } from '../audit.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { saleByNumber } from '../sale/sale.sql.ts'
import { heldCatalogue, takeCatalogue } from '../supply/ask-catalogue.ts'
import { getCatalogue, getEnrolled, getStanding } from '../supply/centre-word.sql.ts'
import { identityOf } from '../supply/identity.ts'
import { lastSequence } from '../supply/request.sql.ts'
import { connectStore, type Store } from './connect-store.ts'

const RELEASE = join(import.meta.dirname, '..', '..', '..', 'market', 'upgrade', 'release-1', 'folder')
let folder: string
let file: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'))
  file = join(folder, 'terminal.sqlite')
  cpSync(join(RELEASE, 'terminal', 'store', 'terminal.sqlite'), file)
  store = connectStore(file)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

test('it knows who it is, what it sells and until when', async () => {
  const enrolled = getEnrolled(store)!
  expect(enrolled).toMatchObject({ terminal: 'T00001', lastSequence: 0 })
  const standing = getStanding(store)!
  expect(standing).toMatchObject({ catalogueVersion: 1, settingsVersion: 0, letter: 0, notices: [] })
  expect(standing.leaseUntilS).toBeGreaterThan(standing.timeS)
  const catalogue = getCatalogue(store)!
  expect(catalogue.products.length).toBeGreaterThan(0)
  for (const { prices, qr } of catalogue.products)
    expect([prices.length, prices[0]!.priceId, prices[0]!.validFromS, qr]).toEqual([1, 0, 0, true])
  const { passphrases } = {
    passphrases: JSON.parse(readFileSync(join(RELEASE, 'passphrases.json'), 'utf8')),
  }
  const opened = unlockKeyFolder(
    join(RELEASE, 'terminal', 'keys'),
    passphraseFor(Buffer.from(passphrases.terminal), 'api'),
  )
  const { privateKey } = await opened.pair('supply-sign')
  const identity = identityOf(store, keysInMemory(privateKey))!
  expect(identity.terminal).toBe('T00001')
  expect(identity.certificateUntilMs).toBeGreaterThan(standing.timeS * 1_000)
})

test('its codes, sales and requests are what they were, and the audit finds nothing', () => {
  expect(lastSequence(store)).toBeGreaterThan(0)
  expect(saleByNumber(store, 1)).toMatchObject({ priceId: 0, ticketFacts: null })
  const products = getCatalogue(store)!.products.map(({ id }) => stockOf(store, productId(id)))
  expect(products.reduce((sum, codes) => sum + codes, 0)).toBeGreaterThan(0)
  expect(auditTerminal(file).filter(({ ok }) => !ok)).toEqual([])
})

test('its catalogue has no number of today: the first that comes replaces it, once', () => {
  expect(heldCatalogue(store)).toBe(0)
  const known = getCatalogue(store)!
  takeCatalogue(store, { ...known, retailerName: 'As it is today' })
  expect([heldCatalogue(store), getCatalogue(store)!.retailerName]).toEqual([1, 'As it is today'])
})

test('what was read anew stays as it is when the store is opened once more', () => {
  const words = () => store.statement('SELECT name, content FROM centre_word ORDER BY name').all()
  const before = words()
  const known = getCatalogue(store)!
  takeCatalogue(store, { ...known, version: 7 })
  store.close()
  store = connectStore(file)
  expect(heldCatalogue(store)).toBe(7)
  expect(words().filter(({ name }) => name !== 'catalogue')).toEqual(
    before.filter(({ name }) => name !== 'catalogue'),
  )
})

test('a start that was cut off between its tables and its words reads them anew at the next', () => {
  store.close()
  cpSync(join(RELEASE, 'terminal', 'store', 'terminal.sqlite'), file)
  const before = new DatabaseSync(file)
  const content = before.prepare(`SELECT content FROM centre_word WHERE name = 'standing'`).get()!
  before.close()
  connectStore(file).close()
  const cut = new DatabaseSync(file)
  cut.prepare(`UPDATE centre_word SET content = ? WHERE name = 'standing'`).run(content.content as Uint8Array)
  cut.close()
  store = connectStore(file)
  expect(getStanding(store)).toMatchObject({ settingsVersion: 0, letter: 0 })
})
