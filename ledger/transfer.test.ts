import { describe, expect, it } from 'vitest'
import { type Account, availableMinor, balanceMinor } from './account.ts'
import { assertBalanced, decideTransfers, type Leg, type Transfer, transferBetween } from './transfer.ts'

function account(id: string, more: Partial<Account> = {}): Account {
  return {
    id,
    currency: 'TND',
    debitsPosted: 0n,
    creditsPosted: 0n,
    debitsPending: 0n,
    creditsPending: 0n,
    creditLineMinor: 0n,
    ...more,
  }
}

const accounts = new Map(
  [
    account('bank', { creditLineMinor: null }),
    account('sales', { creditLineMinor: null }),
    account('caisse', { creditLineMinor: null, currency: 'XOF' }),
    account('R1', { creditsPosted: 100n, creditLineMinor: 20n }),
    account('R2', { creditsPosted: 50n }),
    account('R3', { currency: 'XOF' }),
  ].map((row) => [row.id, row]),
)

function buy(id: string, amountMinor: bigint, debit = 'R1', credit = 'sales'): Transfer {
  return transferBetween({ id, kind: 'supply', subject: id, currency: 'TND', debit, credit, amountMinor })
}
function withLegs(...legs: Leg[]): Transfer {
  return { id: 'odd', kind: 'correction', subject: 'odd', currency: 'TND', legs }
}
const debit = (account: string, amountMinor: bigint): Leg => ({ account, side: 'debit', amountMinor })
const credit = (account: string, amountMinor: bigint): Leg => ({ account, side: 'credit', amountMinor })
const decide = (...transfers: Transfer[]) => [...decideTransfers(accounts, transfers).entries()]
const verdicts = (...transfers: Transfer[]) => decide(...transfers).map(([, verdict]) => verdict)

describe('an account', () => {
  const row = account('R9', {
    creditsPosted: 1_000n,
    debitsPosted: 300n,
    debitsPending: 50n,
    creditsPending: 7n,
    creditLineMinor: 200n,
  })

  it('has for balance what is posted', () => {
    expect(balanceMinor(row)).toBe(700n)
  })

  it('has for spending its balance and credit line less pending debits; pending credits do not count', () => {
    expect(availableMinor(row)).toBe(850n)
    expect(availableMinor(account('R9', { debitsPosted: 30n, creditLineMinor: 20n }))).toBe(-10n)
  })

  it('has no limit where it is of our own books', () => {
    expect(availableMinor({ ...row, creditLineMinor: null })).toBeNull()
  })
})

describe('a transfer', () => {
  it('goes from one debit side to another credit side', () => {
    expect(buy('t', 5n)).toEqual({
      id: 't',
      kind: 'supply',
      subject: 't',
      currency: 'TND',
      legs: [debit('R1', 5n), credit('sales', 5n)],
    })
  })

  it.each([
    ['debits above credits', [debit('a', 2n), credit('b', 1n)], 'odd: debits and credits differ'],
    ['credits above debits', [debit('a', 1n), credit('b', 2n)], 'odd: debits and credits differ'],
    ['two debits', [debit('a', 1n), debit('b', 1n)], 'odd: debits and credits differ'],
    ['no leg', [], 'odd: debits and credits differ'],
    ['one leg', [debit('a', 1n)], 'odd: debits and credits differ'],
    ['legs of nothing', [debit('a', 0n), credit('b', 0n)], 'odd: an entry is above zero'],
    ['one leg of nothing', [debit('a', 1n), credit('b', 1n), credit('c', 0n)], 'odd: an entry is above zero'],
    ['legs below zero', [debit('a', -1n), credit('b', -1n)], 'odd: an entry is above zero'],
    ['money that goes nowhere', [debit('a', 1n), credit('a', 1n)], 'odd: an account comes twice'],
    [
      'an account on one side twice',
      [debit('a', 1n), debit('a', 1n), credit('b', 2n)],
      'odd: an account comes twice',
    ],
  ] as const)('is none with %s', (_what, legs, problem) => {
    expect(() => assertBalanced(withLegs(...legs))).toThrow(new RangeError(problem))
    expect(() => decideTransfers(accounts, [withLegs(...legs)])).toThrow(new RangeError(problem))
  })

  it('may have more legs than two', () => {
    expect(() => assertBalanced(withLegs(debit('a', 3n), credit('b', 1n), credit('c', 2n)))).not.toThrow()
  })
})

describe('a batch', () => {
  it('is decided to the last minor unit, balance and credit line together', () => {
    expect(verdicts(buy('a', 120n))).toEqual(['accepted'])
    expect(verdicts(buy('a', 121n))).toEqual(['insufficient-balance'])
    expect(verdicts(buy('a', 50n, 'R2'), buy('b', 1n, 'R2'))).toEqual(['accepted', 'insufficient-balance'])
  })

  it('is decided in its order, and what is refused leaves what it asked for to the next', () => {
    expect(decide(buy('a', 100n), buy('b', 21n), buy('c', 15n), buy('d', 5n), buy('e', 1n))).toEqual([
      ['a', 'accepted'],
      ['b', 'insufficient-balance'],
      ['c', 'accepted'],
      ['d', 'accepted'],
      ['e', 'insufficient-balance'],
    ])
  })

  it('takes each holder from his own account', () => {
    expect(verdicts(buy('a', 120n), buy('b', 50n, 'R2'), buy('c', 1n, 'R2'), buy('d', 1n))).toEqual([
      'accepted',
      'accepted',
      'insufficient-balance',
      'insufficient-balance',
    ])
  })

  it('cannot spend what it credits itself', () => {
    expect(verdicts(buy('in', 1_000n, 'bank', 'R2'), buy('out', 51n, 'R2'))).toEqual([
      'accepted',
      'insufficient-balance',
    ])
    expect(verdicts(buy('in', 1_000n, 'bank', 'R2'), buy('out', 50n, 'R2'))).toEqual(['accepted', 'accepted'])
  })

  it('never limits our own books, nor what comes in', () => {
    expect(verdicts(buy('a', 10n ** 15n, 'bank', 'R2'), buy('b', 10n ** 15n, 'sales', 'R1'))).toEqual([
      'accepted',
      'accepted',
    ])
  })

  it('asks every debited leg for its limit', () => {
    const pay = (first: bigint, second: bigint) =>
      withLegs(debit('R1', first), debit('R2', second), credit('sales', first + second))
    expect(verdicts(pay(120n, 50n))).toEqual(['accepted'])
    expect(verdicts(pay(120n, 51n))).toEqual(['insufficient-balance'])
    expect(verdicts(pay(121n, 50n))).toEqual(['insufficient-balance'])
  })

  it('refuses an account that is not there, on either side, before anything else', () => {
    expect(verdicts(buy('a', 1n, 'nobody'))).toEqual(['unknown-account'])
    expect(verdicts(buy('a', 1n, 'R1', 'nobody'))).toEqual(['unknown-account'])
    expect(verdicts(buy('a', 1_000n, 'R3', 'nobody'))).toEqual(['unknown-account'])
  })

  it('refuses another currency on any leg, before it looks at the balance', () => {
    expect(verdicts(buy('a', 1n, 'R1', 'caisse'))).toEqual(['currency-differs'])
    expect(verdicts(buy('a', 1n, 'R3', 'sales'))).toEqual(['currency-differs'])
    expect(verdicts(buy('a', 1_000n, 'R3', 'caisse'))).toEqual(['currency-differs'])
    expect(verdicts({ ...buy('a', 1n), currency: 'XOF' })).toEqual(['currency-differs'])
    expect(verdicts({ ...buy('a', 1n, 'bank', 'R3'), currency: 'XOF' })).toEqual(['currency-differs'])
    expect(verdicts({ ...buy('a', 1n, 'caisse', 'R3'), currency: 'XOF' })).toEqual(['accepted'])
  })
})
