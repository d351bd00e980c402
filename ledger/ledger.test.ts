import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { availableMinor, balanceMinor } from './account.ts'
import { readMiscountedAccounts, readMixedTransfers } from './ledger.sql.ts'
import { pendTransfers, postOnce, postTransfers, setCreditLine, settlePending } from './post-transfers.ts'
import {
  AT,
  BOOKING,
  buy,
  DEPOT,
  deposit,
  type LedgerDatabase,
  ledgerDatabase,
} from './testing/ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.drop())
beforeEach(() => ledger.begin())

const transaction: LedgerDatabase['transaction'] = (work) => ledger.transaction(work)
const account = (id?: string) => ledger.account(id)
const pend = (...transfers: ReturnType<typeof buy>[]) =>
  transaction((sql) => pendTransfers(sql, DEPOT, transfers, BOOKING)).then((decided) => [...decided.values()])
const settle = (outcome: 'posted' | 'voided', ...ids: string[]) =>
  transaction((sql) => settlePending(sql, DEPOT, ids, { outcome, reason: 'test', settledAt: AT })).then(
    (result) => [...result.values()],
  )
async function expectSound() {
  expect(await readMixedTransfers(ledger.pool)).toEqual([])
  expect(await readMiscountedAccounts(ledger.pool)).toEqual([])
}

test('prepaid balance first, then the credit line, and a batch is decided in its order', async () => {
  await transaction((sql) => postTransfers(sql, DEPOT, [deposit('d1', 2_000n)], BOOKING))
  expect(await pend(buy('a', 6_000n), buy('b', 1_001n), buy('c', 1_000n), buy('d', 1n))).toEqual([
    'accepted',
    'insufficient-balance',
    'accepted',
    'insufficient-balance',
  ])
  expect(availableMinor(await account())).toBe(0n)
  expect(balanceMinor(await account())).toBe(2_000n)
  await expectSound()
})

test('a pending transfer settles once, one way', async () => {
  await pend(buy('a', 1_000n), buy('b', 2_000n))
  expect(await settle('posted', 'a')).toEqual(['settled'])
  expect(await settle('voided', 'a', 'b', 'c')).toEqual(['already-posted', 'settled', 'unknown'])
  expect(await settle('posted', 'b')).toEqual(['already-voided'])
  expect(balanceMinor(await account())).toBe(-1_000n)
  expect(availableMinor(await account())).toBe(4_000n)
  await expectSound()
})

test('the same deposit twice is posted once; the same id with another amount is refused', async () => {
  const post = (amountMinor: bigint) =>
    transaction((sql) => postOnce(sql, DEPOT, deposit('d1', amountMinor), BOOKING))
  const both = await Promise.all([post(700n), post(700n)])
  expect(both.sort()).toEqual(['already-posted', 'posted'])
  expect(await post(701n)).toBe('id-reused')
  expect(balanceMinor(await account())).toBe(700n)
})

test('unknown accounts, other currencies and money that goes nowhere do not pass', async () => {
  expect(await pend(buy('a', 1n, 'nobody'))).toEqual(['unknown-account'])
  expect(await pend({ ...buy('b', 1n), currency: 'XOF' })).toEqual(['currency-differs'])
  await expect(pend({ ...buy('c', 1n), credit: 'R00001' })).rejects.toThrow('an account comes twice')
})

test('a credit line in use cannot be taken away', async () => {
  await pend(buy('a', 3_000n))
  const set = (line: bigint) => transaction((sql) => setCreditLine(sql, DEPOT, 'R00001', line))
  expect(await set(2_999n)).toBe('line-in-use')
  expect(await set(3_000n)).toBe('set')
  expect(await transaction((sql) => setCreditLine(sql, DEPOT, 'bank', 1n))).toBe('unknown-account')
})

test('the constraint holds even where a statement forgets the rule', async () => {
  await expect(
    ledger.pool.query("UPDATE account SET debits_pending = 5001 WHERE id = 'R00001'"),
  ).rejects.toThrow('account_within_limit')
})

test('at any interleaving no balance passes its limit and the books balance', async () => {
  const act = fc.record({
    kind: fc.constantFrom('deposit', 'buy', 'buy', 'post', 'void'),
    amount: fc.bigInt(1n, 3_000n),
    holder: fc.constantFrom('R00001', 'R00002'),
    target: fc.nat(39),
  })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 40, maxLength: 40 }), async (acts) => {
      run++
      await Promise.all(
        acts.map(async ({ kind, amount, holder, target }, n) => {
          if (kind === 'deposit')
            await transaction((sql) =>
              postTransfers(sql, DEPOT, [deposit(`d${run}-${n}`, amount, holder)], BOOKING),
            )
          else if (kind === 'buy') await pend(buy(`b${run}-${n}`, amount, holder))
          else await settle(kind === 'post' ? 'posted' : 'voided', `b${run}-${target}`)
        }),
      )
      for (const id of ['R00001', 'R00002'])
        expect(availableMinor(await account(id))).toBeGreaterThanOrEqual(0n)
      await expectSound()
    }),
    { numRuns: 15 },
  )
})
