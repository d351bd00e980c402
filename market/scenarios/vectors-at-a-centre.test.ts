// The vectors of the terminal's direction at a real centre: a device with the vectors' worthless key is enrolled as its
// first terminal, and each of their frames is brought to the centre's door in its place.

import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TerminalId } from '@scratchless/voucher/ids'
import type { Verifier } from '@scratchless/wire/compact/cose'
import { verifierOf } from '@scratchless/wire/compact/cwt'
import { readFrame } from '@scratchless/wire/compact/frame'
import { ANSWERS, type RequestKind, verifyAnswer } from '@scratchless/wire/supply/answer'
import { certificatesOf, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { openSigned, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginEnrolment, certify } from '../../centre/testing/people.ts'
import { startTestCentre, type TestCentre } from '../../centre/testing/test-centre.ts'
import { addShop } from '../../centre/testing/test-terminal.ts'
import * as example from '../../wire/testing/supply-examples.ts'
import { type SupplyVector, vectorBytes, vectors } from '../../wire/testing/supply-vectors.ts'

let centre: TestCentre
let answersBy: Verifier
beforeAll(async () => {
  centre = await startTestCentre()
  const { retailer } = await addShop(centre, 0n)
  const opened = await beginEnrolment(centre, retailer)
  const keys = enrolmentKeys(readEnrolmentCode(opened.enrolmentCode)!, opened.enrolmentNumber)
  const deviceKey = createPublicKey(example.terminalKey)
  const poll = async (number: number) => {
    const binding = { enrolmentNumber: opened.enrolmentNumber, poll: number }
    const { enrolmentNumber } = opened
    const asked = enrolmentRequestMessage.mac({ ...example.enrolmentRequest, enrolmentNumber }, keys, {
      ...{ ...binding, answering: null },
    })
    const answer = enrolmentAnswerMessage.verify(readFrame(await centre.door(asked.frame))!, keys, {
      ...{ ...binding, answering: asked.payloadHash },
    })
    if (answer === 'unacceptable') throw new Error(answer)
    return answer.content
  }
  await poll(1)
  await certify(centre, { ...opened, retailer, deviceKey })
  const enrolled = await poll(2)
  const certificates = enrolled.state === 'enrolled' ? certificatesOf(enrolled) : 'unacceptable'
  if (certificates === 'unacceptable') throw new Error(certificates)
  // As the vectors have it, or none of them would be this terminal's.
  expect(opened.id).toBe(example.terminal)
  expect(Buffer.from(certificates.terminal.kid)).toEqual(example.terminalSigner.kid)
  answersBy = verifierOf(certificates.centre)
})
afterAll(() => centre.close())

async function lastSequence(): Promise<number> {
  const { rows } = await centre.needs.pool.query('SELECT last_sequence FROM terminal WHERE id = $1', [
    example.terminal,
  ])
  return Number(rows[0].last_sequence)
}
/** As if all before it had been asked, and nothing else. */
async function isNext(sequence: number): Promise<void> {
  const owner = centre.database.pool('owner')
  await owner.query('DELETE FROM supply_message')
  await owner.query('UPDATE terminal SET last_sequence = $1, locked_at = NULL, locked_why = NULL', [
    sequence - 1,
  ])
}

const toCentre = vectors.filter(
  ({ from, kind, readerLevel }) => from === 'terminal' && kind !== 'enrolment-request' && readerLevel === 1,
)
const of = (verdict: SupplyVector['verdict']) => toCentre.filter((vector) => vector.verdict === verdict)
/** The hash of what was asked, read with the terminal's own key. */
function hashOf(vector: SupplyVector, bytes: Uint8Array): Buffer {
  const { who, sequence } = vector
  const binding = { terminal: who as TerminalId, sequence, answering: null }
  const opened = openSigned(readFrame(bytes)!, example.terminalVerifier, binding)
  if (opened === 'unacceptable') throw new Error(vector.file)
  return opened.payloadHash
}
const answeredTo = (vector: SupplyVector, bytes: Uint8Array) => ({
  ...{ terminal: vector.who as TerminalId, sequence: vector.sequence, answering: hashOf(vector, bytes) },
})

test.each(of('unacceptable'))('$file gets the seven bytes, and its place stays free', async (vector) => {
  const { sequence } = vector
  await isNext(sequence)
  expect(Buffer.from(await centre.door(vectorBytes(vector)))).toEqual(UNACCEPTABLE_FRAME)
  expect(await lastSequence()).toBe(sequence - 1)
})

test.each(of('not-understood'))(
  '$file is told the level that this centre has, the same twice',
  async (vector) => {
    const bytes = vectorBytes(vector)
    await isNext(vector.sequence)
    const answer = await centre.door(bytes)
    const refused = supplyRefusalMessage.verify(readFrame(answer)!, answersBy, answeredTo(vector, bytes))
    expect(refused).toMatchObject({ content: { why: { reason: 'not-understood', highestLevel: 1 } } })
    expect(await lastSequence()).toBe(vector.sequence)
    expect(Buffer.from(await centre.door(bytes))).toEqual(Buffer.from(answer))
  },
)

// The renewal last: with it the vectors' key has had its day.
const good = of('good').toSorted((one, other) => rank(one) - rank(other))
function rank({ kind }: SupplyVector): number {
  return kind === 'renewal-request' ? 1 : 0
}

test.each(good)('$file gets an answer of its kind', async (vector) => {
  const bytes = vectorBytes(vector)
  await isNext(vector.sequence)
  const kind = vector.kind as RequestKind
  const answer = verifyAnswer(
    kind,
    readFrame(await centre.door(bytes))!,
    answersBy,
    answeredTo(vector, bytes),
  )
  if (answer === 'unacceptable') throw new Error('the answer does not verify')
  expect(ANSWERS[kind].map((message) => message.kind)).toContain(answer.kind)
  const refusal = answer.kind === 'supply-refusal' ? answer.content.why.reason : null
  const expected = EXPECTED_REFUSAL[vector.file] ?? EXPECTED_REFUSAL[kind] ?? null
  expect({ [kind]: refusal }).toEqual({ [kind]: expected })
})

/** What a centre says that knows the vectors' terminal and nothing else of them. */
const EXPECTED_REFUSAL: Partial<Record<string, string>> = {
  'card-letter-request-earlier-epoch.bin': 'unknown-subject',
  'supply-order': 'request-expired',
  'one-code-order': 'request-expired',
  'supply-receipt': 'unknown-delivery',
  'status-request': 'sequence-unexpected',
  claim: 'not-offered',
  'collection-receipt': 'not-offered',
  'payment-declaration': 'not-offered',
  'proposal-answer': 'not-offered',
  'return-request': 'not-offered',
  'card-request': 'not-offered',
  'vendor-request': 'not-offered',
}

test('the page says what is not offered today', () => {
  const page = readFileSync(new URL('../docs/protocol/supply.md', example.VECTORS), 'utf8')
  const [, sentence] = /The centre's answer to an? ([^`]+) is `not-offered` today/.exec(page)!
  const said = sentence!.split(/,\s+|\s+and\s+/).map((name) => name.replace(/\s+/g, '-'))
  const refused = Object.keys(EXPECTED_REFUSAL).filter(
    (kind) => EXPECTED_REFUSAL[kind as RequestKind] === 'not-offered',
  )
  expect(said).toEqual(refused)
})
