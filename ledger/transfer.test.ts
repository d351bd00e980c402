import { describe, expect, it } from 'vitest'
import { type Account, availableMinor, balanceMinor } from './account.ts'
import { assertTransfer, decideTransfers, reversalOf, type Transfer } from './transfer.ts'

function account(id: string, more: Partial<Account> = {}): Account {
  return {
    id,
    class: 'liability',
    blocked: null,
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
  return { id, kind: 'supply', subject: id, currency: 'TND', debit, credit, amountMinor }
}
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
  it.each([
    ['nothing', buy('odd', 0n), 'odd: an amount is above zero'],
    ['less than nothing', buy('odd', -1n), 'odd: an amount is above zero'],
    ['money that goes nowhere', buy('odd', 1n, 'R1', 'R1'), 'odd: an account comes twice'],
  ] as const)('is none of %s', (_what, transfer, problem) => {
    expect(() => assertTransfer(transfer)).toThrow(new RangeError(problem))
    expect(() => decideTransfers(accounts, [transfer])).toThrow(new RangeError(problem))
  })

  it('of one minor unit is one', () => {
    expect(() => assertTransfer(buy('one', 1n))).not.toThrow()
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

describe('a reversal', () => {
  const deposit = { ...buy('deposit:17', 100n, 'bank', 'R1'), kind: 'deposit', subject: 'R1' }
  const by = { id: 'bounced:17', kind: 'bounced', document: 'CHQ 17' }
  const reverse = (more: Partial<Account>) => reversalOf(deposit, account('R1', more), 'unpaid:R1', by)
  const back = { ...by, subject: 'R1', currency: 'TND', credit: 'bank' }

  it('takes back all of it where it fits, to the last minor unit of balance and line', () => {
    const whole = {
      unpaidMinor: 0n,
      transfers: [{ ...back, debit: 'R1', amountMinor: 100n, reverses: 'deposit:17' }],
    }
    expect(reverse({ creditsPosted: 100n })).toEqual(whole)
    expect(reverse({ creditsPosted: 80n, creditLineMinor: 20n })).toEqual(whole)
    expect(reverse({ creditLineMinor: null })).toEqual(whole)
  })

  it('goes to what is unpaid with what no longer fits', () => {
    expect(reverse({ creditsPosted: 100n, debitsPosted: 50n, debitsPending: 11n })).toEqual({
      unpaidMinor: 61n,
      transfers: [
        { ...back, debit: 'R1', amountMinor: 39n, reverses: 'deposit:17' },
        { ...back, id: 'bounced:17:unpaid', debit: 'unpaid:R1', amountMinor: 61n },
      ],
    })
  })

  it('of what is spent to the end is unpaid whole', () => {
    for (const available of [0n, -5n])
      expect(reverse({ creditsPosted: 100n + available, debitsPosted: 100n })).toEqual({
        unpaidMinor: 100n,
        transfers: [
          {
            ...back,
            ...{ id: 'bounced:17:unpaid', debit: 'unpaid:R1', amountMinor: 100n },
            reverses: 'deposit:17',
          },
        ],
      })
  })
})
