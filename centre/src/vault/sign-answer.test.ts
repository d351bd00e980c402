import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { tieLanes } from '@scratchless/office/audit-chain/tie-lanes'
import { inTransaction } from '@scratchless/office/database/database'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'

let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  terminal = await enrolTerminal(centre, await addShop(centre, 0n))
})
afterAll(() => centre.close())

const head = () => readHead(centre.needs.pool)

async function appendEntry() {
  await inTransaction(centre.needs.pool, async (sql) => {
    const at = new Date(0)
    await appendAudit(sql, { at, actor: 'amel', action: 'staff-signed-in', subject: 'amel' })
    await tieLanes(sql, at)
  })
}

/** The head of an acknowledgement: the answer to whoever knows the catalogue. */
async function acknowledgedHead() {
  const answer = await terminal.ask(
    'catalogue-request',
    terminal.sign(catalogueRequestMessage, { knownVersion }),
  )
  if (answer.kind !== 'acknowledgement') throw new Error(answer.kind)
  return answer.content.auditHead
}
let knownVersion = 0

test('an acknowledgement brings a head of the audit chain that stood within the last minute', async () => {
  const catalogue = await terminal.ask(
    'catalogue-request',
    terminal.sign(catalogueRequestMessage, { knownVersion }),
  )
  if (catalogue.kind !== 'catalogue') throw new Error(catalogue.kind)
  knownVersion = catalogue.content.version

  await appendEntry()
  const first = await head()
  expect(await acknowledgedHead()).toEqual(first)
  await appendEntry()
  centre.clock.move(50_000)
  expect(await acknowledgedHead()).toEqual(first)
  centre.clock.move(11_000)
  expect(await acknowledgedHead()).toEqual(await head())
  expect(await head()).not.toEqual(first)

  // A clock that was set back holds no old head for longer.
  await appendEntry()
  centre.clock.move(-3_600_000)
  expect(await acknowledgedHead()).toEqual(await head())
})

test('the api does not choose it', async () => {
  const standing = {
    timeS: 1,
    leaseUntilS: 1,
    unreportedSales: 1,
    revokedCards: [],
    catalogueVersion: 1,
    settingsVersion: 0,
    letter: 1,
    notices: [],
  }
  const chosen = { standing, auditHead: { n: 1n, hash: Buffer.alloc(32) } }
  const signed = terminal.sign(catalogueRequestMessage, { knownVersion })
  const asked = {
    terminal: terminal.id,
    certificate: Buffer.from(terminal.signer.kid).readUInt32BE(),
    sequence: signed.sequence,
    answering: signed.payloadHash,
    answer: { kind: 'acknowledgement', content: chosen },
  } as const
  await expect(centre.needs.vault.signAnswer(asked)).rejects.toThrow('failed in the other process')
  expect(centre.faults.splice(0)).toMatchObject([
    { message: 'no such argument: signAnswer.answer.content (custom)' },
  ])
})
