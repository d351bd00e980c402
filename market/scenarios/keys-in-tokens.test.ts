// The way of a code from stock to a terminal where the vaults of operator and centre have their RSA keys in tokens
// of SoftHSM2. Both vaults are real; between them goes what would go on the line.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { receiveRestockDelivery } from '@scratchless/centre/restock/receive-restock-delivery'
import { sendRestockOrder, takeRestockOrderResponse } from '@scratchless/centre/restock/send-restock-order'
import { keepTokenPin, makePartyKeys, readPublicKey, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { makeTokenKeys } from '@scratchless/keys/pkcs11-keys'
import { inTransaction } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import {
  OPERATOR_MIGRATIONS,
  OPERATOR_VAULT_MIGRATIONS,
  operatorVaultSettings,
} from '@scratchless/operator/settings'
import { importStockFile } from '@scratchless/operator/vault/import-stock-file'
import { knowProducts } from '@scratchless/operator/vault/products'
import { signRestockOrderResponse } from '@scratchless/operator/vault/sign-restock-order-response'
import { startBulkWorkers } from '@scratchless/operator/vault/start-bulk-workers'
import { takeRestockOrder } from '@scratchless/operator/vault/take-restock-order'
import { loadVaultNeeds, type VaultNeeds } from '@scratchless/operator/vault/vault-needs'
import { verifyRestockReceipt } from '@scratchless/operator/vault/verify-restock-receipt'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { cardId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialAt, serialFromNumber } from '@scratchless/voucher/serial'
import { openCode } from '@scratchless/wire/seal/code-box'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { afterAll, beforeAll, expect } from 'vitest'
import { startTestCentre, type TestCentre } from '../../centre/testing/test-centre.ts'
import { packedCodes } from '../../centre/testing/test-operator.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../centre/testing/test-terminal.ts'
import { makeTokens, SOFTHSM_LIBRARY, softhsmTest } from '../../keys/testing/softhsm.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { ATLAS, ATLAS_5, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { codeKey, recipientFor, sealedCodeAt, unwrapAsRecipient } from '../../wire/testing/as-card.ts'

const PIN = '4711-0815'
const FIRST = 1_000_000
const CODES = 300
const RESTOCK_PRICE = money(4_700n, 'TND')
const tokenOf = (label: string) => ({ library: SOFTHSM_LIBRARY, label })
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
const log = createLog({ program: 'test', process: 'vault', clock: systemClock, level: 'silent' })

let tokens: ReturnType<typeof makeTokens>
beforeAll(() => {
  tokens = makeTokens(['atlas', 'centre'], PIN)
})
afterAll(() => tokens.drop())

softhsmTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing) holds both vaults’ RSA keys from stock to terminal',
  async () => {
    const keysFolder = join(tokens.folder, 'atlas-keys')
    const vaultKeys = join(keysFolder, 'vault')
    await makePartyKeys(
      vaultKeys,
      { pairs: [], secrets: ['lot-mac', 'fingerprint-atlas'] },
      { random: systemRandom },
    )
    makeTokenKeys(tokenOf('atlas'), createSecretKey(Buffer.from(PIN)), vaultKeys)
    await keepTokenPin(vaultKeys, Buffer.from(PIN), { random: systemRandom })
    const centre = await startTestCentre({
      token: { ...tokenOf('centre'), pin: PIN },
      atlas: {
        verifyKey: readPublicKey(vaultKeys, 'restock-sign'),
        wrapKey: readPublicKey(vaultKeys, 'restock-unwrap'),
      },
    })
    const books = await testDatabase(OPERATOR_MIGRATIONS)
    const vault = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
    const operator = await startOperator(centre, { books, vault }, keysFolder)
    for (const folder of [vaultKeys, centre.needs.settings.keysFolder])
      expect(readdirSync(folder).filter((file) => /^(restock-.*|stock)\.key$/.test(file))).toEqual([])
    try {
      const receipt = await restock(centre, operator)
      expect(receipt).toMatchObject({ verdict: 'taken', count: CODES })

      // As after a restart: nothing that was opened is remembered.
      await centre.restartVault()
      const shop = await addShop(centre, 30n * UNIT_PRICE_MINOR)
      const terminal = await enrolTerminal(centre, shop)
      await centre.restartVault()
      expect(await supply(terminal, 20)).toEqual(packedCodes(FIRST, 20))
    } finally {
      await operator.workers.stop()
      await operator.needs.pool.end()
      await Promise.all([books.drop(), vault.drop()])
      await centre.close()
    }
  },
)

interface Operator {
  readonly needs: VaultNeeds
  readonly workers: ReturnType<typeof startBulkWorkers>
}

async function startOperator(
  centre: TestCentre,
  { books, vault }: { books: TestDatabase; vault: TestDatabase },
  keysFolder: string,
): Promise<Operator> {
  const urls = { databaseUrl: vault.urls.vault, booksUrl: books.urls.vault }
  await books.pool('api').query(
    `INSERT INTO product (id, currency, face_value_minor, public_price_minor, tax_minor, net_credit_minor,
                          code_digits, check_digit, validity_days, refill_template, added_at)
     VALUES ($1, 'TND', 5000, 5000, 300, 4700, 14, 'none', 365, '*123*{code}#', now())`,
    [ATLAS_5.id],
  )
  const plainSettings = { ...operatorFields(centre, keysFolder), ...urls }
  const outside = { clock: systemClock, random: systemRandom, log, connections: 2 }
  const needs = await loadVaultNeeds(
    operatorVaultSettings.parse(plainSettings),
    unlockKeyFolder(join(keysFolder, 'vault')),
    outside,
  )
  await knowProducts(needs, [ATLAS_5])
  return {
    needs,
    // Its threads log in to the token themselves.
    workers: startBulkWorkers({ plainSettings, passphrase: null }, log),
  }
}

function operatorFields({ needs: { settings } }: TestCentre, keysFolder: string) {
  return {
    ...{ party: ATLAS, name: 'Atlas', colour: '#1D4F9F', customerCare: '1200' },
    ...{ dataFolder: '/', keysFolder, token: tokenOf('atlas') },
    ...{ staffHttp: { port: 1 }, partnerHttps: { port: 1 }, stockHttp: { port: 1 } },
    partners: [
      {
        ...{ party: settings.party, suite: 'interop', url: 'https://127.0.0.1:1/restock' },
        verifyKey: pem(readPublicKey(settings.keysFolder, 'restock-sign')),
        wrapKey: pem(readPublicKey(settings.keysFolder, 'restock-unwrap')),
        ...{ tlsAuthority: '', tlsPin: '0'.repeat(64), discountBasisPoints: 600 },
      },
    ],
  }
}

/** A file becomes stock, the centre orders, the operator answers and delivers, the centre takes and says so. */
async function restock({ needs }: TestCentre, { needs: atlas, workers }: Operator) {
  const centre = needs.settings.party
  const file = Buffer.from(
    `serial,code,product,expires\n${Array.from({ length: CODES }, (_, at) => stockLine(FIRST + at)).join('')}`,
  )
  const admission = { fileName: 'stock.csv', sizeBytes: file.length, activated: true, actor: 'amel' }
  async function* chunks() {
    yield Uint8Array.from(file)
  }
  const imported = await importStockFile(atlas, admission, chunks())
  if (!('lots' in imported)) throw new Error('the file is not taken')
  const { lot } = imported.lots[0]!

  const wish = { operator: ATLAS, lines: [{ product: ATLAS_5.id, quantity: CODES }] }
  const sent = await sendRestockOrder(needs, wish, 'demo')
  if (typeof sent === 'string') throw new Error(sent)
  const orderId = sent.id
  const { rows } = await needs.pool.query<OutgoingMessage>(
    'SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1',
    [orderId],
  )
  const taken = await takeRestockOrder(atlas, { partner: centre, bytes: rows[0]!.bytes })
  if ('refusal' in taken) throw new Error(taken.refusal)
  const issuedAt = new Date(systemClock.nowMs()).toISOString()
  const response = await signRestockOrderResponse(atlas, {
    ...{ id: newMessageId(systemRandom), issuedAt, orderId: taken.order.id, verdict: 'accepted' },
    lines: [
      {
        ...{ lineNo: 1, product: ATLAS_5.id, quantityAccepted: CODES, backOrder: 0 },
        unitPrice: RESTOCK_PRICE,
      },
    ],
  })
  if ('refusal' in response) throw new Error(response.refusal)
  await inTransaction(needs.pool, (sql) => takeRestockOrderResponse(needs, sql, rows[0]!, response))

  const delivery = await workers.run('closeRestockDelivery', {
    ...{ id: newMessageId(systemRandom), partner: centre, issuedAt, orderId: taken.order.id },
    ...{ orderLineNo: 1, part: 1, parts: 1, lot, activatedOn: issuedAt, unitPrice: RESTOCK_PRICE },
    runs: [{ pack: 1n, firstSerial: serialFromNumber(FIRST), count: CODES }],
  })
  if ('refusal' in delivery) throw new Error(delivery.refusal)
  const answer = await receiveRestockDelivery(needs, ATLAS, delivery)
  if (typeof answer === 'string') throw new Error(answer)
  return verifyRestockReceipt(atlas, { partner: centre, bytes: answer.receipt })
}

function stockLine(number: number): string {
  return `${String(number).padStart(12, '0')},${String(number).padStart(14, '0')},${ATLAS_5.id},2099-12-31\n`
}

/** The codes that a terminal is given, packed, as its card opens them. */
async function supply(terminal: TestTerminal, count: number): Promise<Buffer> {
  const closed = terminal.order(count)
  const answer = await terminal.ask('supply-order', closed)
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  const letter = await terminal.ask(
    'card-letter-request',
    terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] }),
  )
  if (letter.kind !== 'card-letter') throw new Error(letter.kind)
  const recipient = recipientFor(letter.content, cardId(terminal.card))!
  const safeKey = unwrapAsRecipient({ holder: terminal.card, ...recipient }, terminal.cardKey)!
  const [lot] = answer.content.lots
  const [run] = lot!.runs
  const packed = Array.from({ length: run!.count }, (_, index) => {
    const context = {
      ...{ terminal: terminal.id, epoch: 1, operator: ATLAS, product: ATLAS_5.id, lot: lot!.lot },
      ...{ delivery: closed.sequence, digits: 14, serial: serialAt(run!.firstSerial, index) },
    }
    const code = openCode(codeKey(safeKey, context), sealedCodeAt(run!.codes, index, 14), 14)
    if (code === 'does-not-open') throw new Error(code)
    const bytes = Buffer.alloc(6)
    code.pack(bytes)
    return bytes
  })
  return Buffer.concat(packed)
}
