// Money is a whole number of the currency's smallest unit. No float ever holds an amount.

/** Digits after the separator, per currency (ISO 4217, "exponent"). */
const EXPONENT = { TND: 3, XOF: 0, EUR: 2, USD: 2 } as const

export type Currency = keyof typeof EXPONENT

export interface Money {
  readonly amountMinor: bigint
  readonly currency: Currency
}

/** Largest amount of minor units that any message, column or form takes: 10^15 - 1. */
export const MAX_AMOUNT_MINOR = 999_999_999_999_999n

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(EXPONENT, text)
}

/** The ISO 4217 exponent: 3 for TND, 0 for XOF. */
export function exponentOf(currency: Currency): number {
  return EXPONENT[currency]
}

export function money(amountMinor: bigint, currency: Currency): Money {
  return { amountMinor, currency }
}

export function subtractMoney(a: Money, b: Money): Money {
  assertSameCurrency(a, b)
  return money(a.amountMinor - b.amountMinor, a.currency)
}

/** `quantity` times a unit amount; quantity is a whole number of codes. */
export function timesMoney(unit: Money, quantity: number): Money {
  return money(unit.amountMinor * BigInt(quantity), unit.currency)
}

/**
 * A share of an amount in basis points (1/10,000), rounded half away from zero to a minor unit:
 * the one rounding rule of rate cards, named `half-up` where it is stored.
 */
export function shareOf(amount: Money, basisPoints: number): Money {
  if (!Number.isInteger(basisPoints)) throw new RangeError('basis points are a whole number')
  const scaled = amount.amountMinor * BigInt(basisPoints)
  const half = scaled >= 0n ? 5_000n : -5_000n
  return money((scaled + half) / 10_000n, amount.currency)
}

/** Plain decimal with a point and all digits of the currency: `5.000` for TND, `500` for XOF. */
export function toDecimal({ amountMinor, currency }: Money): string {
  const exponent = EXPONENT[currency]
  const sign = amountMinor < 0n ? '-' : ''
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(exponent + 1, '0')
  if (exponent === 0) return sign + digits
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** Reads what `toDecimal` writes, and fewer decimals too (`5`, `5.0`). Null where it is no amount. */
export function parseDecimal(text: string, currency: Currency): Money | null {
  const match = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text)
  if (!match) return null
  const [, sign, whole, fraction = ''] = match
  const exponent = EXPONENT[currency]
  if (fraction.length > exponent) return null
  const minor = BigInt(whole + fraction.padEnd(exponent, '0'))
  if (minor > MAX_AMOUNT_MINOR) return null
  return money(sign ? -minor : minor, currency)
}

function assertSameCurrency(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new TypeError(`${a.currency} and ${b.currency} do not add up`)
}
