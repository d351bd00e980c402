// What one asks for and others agree to: over real tables, with real keys, and with acts that the test plays.

import { generatePair } from '@scratchless/keys/party-keys'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { operatorId } from '@scratchless/voucher/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { signApproval } from '../staff/approval.ts'
import { signAgreement } from '../testing/sign-agreement.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { agreeToRequest, endRequest } from './agree-to-request.ts'
import { type AgreedRequest, hashOfRequest } from './agreement.ts'
import { askRequest } from './ask-request.ts'
import { carryOutRequest, settleRequests } from './carry-out-request.ts'
import { findRequest, readRequests } from './request.sql.ts'
import { NotYet, type RequestNeeds, type RequestToDo } from './request-needs.ts'
import { effectOf } from './request-words.ts'

const DAY_MS = 86_400_000
const clock = {
  at: Date.parse('2026-11-22T10:00:00.500Z'),
  nowMs: () => clock.at,
}
const party = operatorId('atlas')
const people = ['one', 'two', 'three'].map((name) => ({ name, ...generatePair('approval') }))
const member = (signInName: string, id: number): Member => ({
  ...{ id, signInName, fullName: signInName, roles: [] },
})
const [amel, samir, nadia] = [member('amel', 1), member('samir', 2), member('nadia', 3)]
type Member = Parameters<typeof askRequest>[1]

let database: TestDatabase
let needs: RequestNeeds
const done: RequestToDo[] = []
let fails: Error | null = null
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  const carrier = async (request: RequestToDo) => {
    if (fails !== null) throw fails
    done.push(request)
    return { codes: 5 }
  }
  needs = {
    ...{ party, clock, pool: database.pool('api') },
    log: createLog({ program: 'test', process: 'test', clock, level: 'silent' }),
    approvers: new Map(people.slice(0, 2).map(({ name, publicKey }) => [name, publicKey])),
    carriers: { 'void-codes': carrier, 'mark-stolen': carrier },
  }
})
afterAll(() => database.drop())
beforeEach(() => {
  done.length = 0
  fails = null
})

const FACTS = { firstSerial: '000001000000', count: 10, cause: 'a box burnt' }
async function ask(kind: 'void-codes' | 'mark-stolen' = 'void-codes') {
  const { number } = await askRequest(needs, amel, { kind, subject: 's', facts: FACTS, figures: { here: 9 } })
  return number
}
async function signed(number: bigint, who: number, change: Partial<AgreedRequest> = {}) {
  const { kind, facts, expires_at } = (await findRequest(needs.pool, number))!
  const request = { party, number: Number(number), endsAtS: expires_at.getTime() / 1000, kind, facts }
  const { name, privateKey } = people[who]!
  return { approver: name, signature: signAgreement(privateKey, { ...request, ...change }) }
}
const agree = async (number: bigint, member: Member, who: number, change: Partial<AgreedRequest> = {}) =>
  agreeToRequest(needs, member, number, await signed(number, who, change))
const stateOf = async (number: bigint) => {
  const { state, ended_by, ended_why, agreed_by } = (await findRequest(needs.pool, number))!
  return [state, ended_by, ended_why, agreed_by]
}
const audited = async () =>
  (
    await needs.pool.query<{ said: string }>(
      `SELECT action || ' by ' || actor || ' about ' || subject AS said FROM audit_entry ORDER BY n`,
    )
  ).rows.map(({ said }) => said)

test('what one asks for is done once two others have agreed, and once', async () => {
  const number = await ask()
  expect((await findRequest(needs.pool, number))!.expires_at.toISOString()).toBe('2026-11-29T10:00:00.000Z')
  expect(await stateOf(number)).toEqual(['open', null, null, null])
  await agree(number, samir, 0)
  expect([done.length, await stateOf(number)]).toEqual([0, ['open', null, null, null]])
  await agree(number, nadia, 1)
  expect(await stateOf(number)).toEqual(['done', 'system', null, 'nadia'])
  expect(done).toMatchObject([
    {
      ...{ party, number: Number(number), kind: 'void-codes', facts: FACTS, askedBy: 'amel', late: false },
      ...{ endsAtS: Date.parse('2026-11-29T10:00:00Z') / 1000 },
      agreements: [{ approver: 'one' }, { approver: 'two' }],
    },
  ])
  await expect(agree(number, samir, 0)).rejects.toMatchObject({ status: 409, code: 'not-open' })
  await carryOutRequest(needs, number)
  expect(done).toHaveLength(1)
  expect(await audited()).toEqual([
    `request-made by amel about ${number}`,
    ...['samir', 'nadia'].map((who) => `request-agreed by ${who} about ${number}`),
    `request-done by system about ${number}`,
  ])
})

test('where no vault must be sure one other agrees', async () => {
  const number = await ask('mark-stolen')
  await agree(number, samir, 1)
  expect([done.length, (await stateOf(number))[0]]).toEqual([1, 'done'])
})

test('nobody agrees to his own request, by his session or by his key, nor twice', async () => {
  const number = await ask()
  await expect(agree(number, amel, 0)).rejects.toMatchObject({ status: 403, code: 'own-request' })
  const asOne = { ...amel, signInName: 'one' }
  const { number: his } = await askRequest(needs, asOne, {
    ...{ kind: 'void-codes', subject: 's', facts: FACTS, figures: {} },
  })
  await expect(agree(his, samir, 0)).rejects.toMatchObject({ status: 403, code: 'own-request' })
  await agree(number, samir, 0)
  await expect(agree(number, nadia, 0)).rejects.toMatchObject({ status: 409, code: 'agreed-already' })
  await expect(agree(number, samir, 1)).rejects.toMatchObject({ status: 409, code: 'agreed-already' })
  expect(done).toEqual([])
})

test('a signature serves one office, one number, one end, one kind and its facts alone', async () => {
  const number = await ask()
  for (const change of [
    { party: 'sahel' },
    { number: Number(number) + 1 },
    { endsAtS: 1 },
    { kind: 'mark-stolen' as const },
    ...Object.keys(FACTS).map((fact) => ({ facts: { ...FACTS, [fact]: 11 } })),
    { facts: { ...FACTS, more: 1 } },
  ])
    await expect(agree(number, samir, 0, change)).rejects.toMatchObject({ code: 'wrong-signature' })
  await expect(agree(number, samir, 2)).rejects.toMatchObject({ status: 403, code: 'unknown-approver' })
  const { name, privateKey } = people[0]!
  const fields = [party, Number(number), 1, hashOfRequest('void-codes', FACTS)]
  const other = { approver: name, signature: signApproval(privateKey, 'register-card', fields) }
  await expect(agreeToRequest(needs, samir, number, other)).rejects.toMatchObject({ code: 'wrong-signature' })
  await expect(agreeToRequest(needs, samir, 999n, other)).rejects.toMatchObject({ status: 404 })
  const { cause, count, firstSerial } = FACTS
  expect(hashOfRequest('void-codes', { cause, count, firstSerial })).toEqual(
    hashOfRequest('void-codes', FACTS),
  )
})

test('a request has an end: then nobody agrees to it, and it is written down as over', async () => {
  const number = await ask()
  await agree(number, samir, 0)
  clock.at += 7 * DAY_MS - 501
  await settleRequests(needs)
  expect((await stateOf(number))[0]).toBe('open')
  clock.at += 1
  await expect(agree(number, nadia, 1)).rejects.toMatchObject({ status: 409, code: 'expired' })
  await settleRequests(needs)
  expect(await stateOf(number)).toEqual(['expired', 'system', null, null])
  expect((await audited()).at(-1)).toMatch(/^request-expired by system about \d+$/)
  expect(done).toEqual([])
})

test('its asker takes a request back, others refuse it, each with a reason, and only while it is open', async () => {
  const [one, other] = [await ask(), await ask()]
  const end = (number: bigint, member: Member, state: 'refused' | 'withdrawn') =>
    endRequest(needs, member, number, { state, why: 'a mistake' })
  await expect(end(one, amel, 'refused')).rejects.toMatchObject({ status: 403, code: 'own-request' })
  await expect(end(one, samir, 'withdrawn')).rejects.toMatchObject({ status: 403, code: 'not-own-request' })
  await end(one, samir, 'refused')
  await end(other, amel, 'withdrawn')
  expect(await stateOf(one)).toEqual(['refused', 'samir', 'a mistake', null])
  expect(await stateOf(other)).toEqual(['withdrawn', 'amel', 'a mistake', null])
  await expect(end(one, samir, 'refused')).rejects.toMatchObject({ code: 'not-open' })
  await expect(agree(one, samir, 0)).rejects.toMatchObject({ code: 'not-open' })
})

test('what must wait is tried again, what the rules forbid by now ends refused, and a fault leaves it agreed', async () => {
  const agreed = async () => {
    const number = await ask('mark-stolen')
    return [number, agree(number, samir, 0)] as const
  }
  fails = new NotYet('codes are being closed')
  const [waits, asked] = await agreed()
  await asked
  expect((await stateOf(waits))[0]).toBe('agreed')
  await expect(endRequest(needs, amel, waits, { state: 'withdrawn', why: 'too late' })).rejects.toMatchObject(
    { code: 'not-open' },
  )
  fails = new Error('the vault is away')
  const [broken, failing] = await agreed()
  await expect(failing).rejects.toThrow('the vault is away')
  expect((await stateOf(broken))[0]).toBe('agreed')
  fails = null
  clock.at += 8 * DAY_MS
  await settleRequests(needs)
  expect([(await stateOf(waits))[0], (await stateOf(broken))[0]]).toEqual(['done', 'done'])
  expect(done.map(({ late }) => late)).toEqual([true, true])
  fails = new HttpRefusal(409, 'overlaps')
  const [forbidden, refused] = await agreed()
  await refused
  expect(await stateOf(forbidden)).toEqual(['refused', 'system', 'overlaps', 'samir'])
})

test('two last agreements at one moment do it once', async () => {
  const number = await ask('mark-stolen')
  const outcomes = await Promise.allSettled([agree(number, samir, 0), agree(number, nadia, 1)])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(done).toHaveLength(1)
})

test('whoever agrees waits for who is just ending the request, and respects it', async () => {
  const number = await ask('mark-stolen')
  const given = await signed(number, 0)
  const other = await needs.pool.connect()
  try {
    await other.query('BEGIN')
    await other.query(
      `UPDATE request SET state = 'refused', ended_by = 'nadia', ended_at = now(), ended_why = 'w' WHERE number = $1`,
      [number],
    )
    const agreed = expect(agreeToRequest(needs, samir, number, given)).rejects.toMatchObject({
      code: 'not-open',
    })
    await expect
      .poll(
        async () => (await database.pool('owner').query('SELECT FROM pg_locks WHERE NOT granted')).rowCount,
      )
      .toBe(1)
    await other.query('COMMIT')
    await agreed
  } finally {
    other.release()
  }
})

test('those that wait are listed, newest first, a page at a time', async () => {
  const numbers = [await ask(), await ask(), await ask()]
  const read = async (waitingOnly: boolean, before: bigint | null, limit: number) =>
    (await readRequests(needs.pool, { waitingOnly, before }, limit)).map(({ number }) => number)
  expect(await read(true, null, 2)).toEqual([numbers[2], numbers[1]])
  expect((await read(true, numbers[1]!, 1))[0]).toBe(numbers[0])
  await endRequest(needs, amel, numbers[1]!, { state: 'withdrawn', why: 'w' })
  expect((await read(true, null, 2))[1]).toBe(numbers[0])
  expect((await read(false, null, 2))[1]).toBe(numbers[1])
})

test('what it would do is said in both languages, with its figures', () => {
  const facts = { operator: 'atlas', firstSerial: '000001000000', count: 1_510, cause: 'a box burnt' }
  const { en, fr } = effectOf({
    ...{ kind: 'void-codes', facts, figures: { here: 1_490, given: 20, unknown: 0 } },
  })
  expect(en).toEqual([
    'Void atlas 1,510 codes, serials 000001000000 to 000001001509. They are supplied to nobody any more, for good.',
    ...['1,490 are here', '20 were given away before and stay where they are', '0 are not here yet'],
    'Cause: a box burnt',
  ])
  expect(fr[0]).toMatch(/^Annuler 1.510 codes atlas, n° de série 000001000000 à 000001001509\./)
  expect(fr.at(-1)).toBe('Motif : a box burnt')
  expect(fr).toHaveLength(en.length)
})
