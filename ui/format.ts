// How figures look in the reader's language. Values go in, text comes out; nowhere else is an amount formatted.

import { type Currency, exponentOf } from '@scratchless/voucher/money'

export type Locale = 'fr' | 'en'

const MINUS = '\u2212'
/** Plex has no narrow no-break space; the wide one keeps groups together as well. */
const GROUP: Record<Locale, string> = { fr: '\u00A0', en: ',' }
const POINT: Record<Locale, string> = { fr: ',', en: '.' }

interface MoneyParts {
  /** Whole part with its groups, and the minus where there is one. */
  readonly whole: string
  /** Separator and minor digits; empty where the currency has none. */
  readonly minor: string
  readonly unit: string
}

/** The parts of an amount of minor units: `1 212` `,350` `DT`. Zero is `0`, never `−0`. */
export function moneyParts(amountMinor: bigint, currency: Currency, locale: Locale): MoneyParts {
  const exponent = exponentOf(currency)
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(exponent + 1, '0')
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, GROUP[locale])
  return {
    whole: (amountMinor < 0n ? MINUS : '') + whole,
    minor: exponent === 0 || amountMinor === 0n ? '' : POINT[locale] + digits.slice(-exponent),
    unit: unitOf(currency, locale),
  }
}

/** `1 212,350 DT` in French, `1,212.350 TND` in English. */
export function moneyText(amountMinor: bigint, currency: Currency, locale: Locale): string {
  const { whole, minor, unit } = moneyParts(amountMinor, currency, locale)
  return `${whole}${minor}\u00A0${unit}`
}

/** A face value without empty decimals: `5`, `0,500`. */
export function faceValueText(amountMinor: bigint, currency: Currency, locale: Locale): string {
  const { whole, minor } = moneyParts(amountMinor, currency, locale)
  return /[1-9]/.test(minor) ? whole + minor : whole
}

export function unitOf(currency: Currency, locale: Locale): string {
  return currency === 'TND' && locale === 'fr' ? 'DT' : currency === 'XOF' ? 'F' : currency
}

/** A count with its groups: `1 157`, `1,157`. */
export function countText(count: number, locale: Locale): string {
  return String(Math.trunc(count)).replace(/\B(?=(\d{3})+$)/g, GROUP[locale])
}

/** Under one day in hours (`6 h`), whole days from there (`9 j`, `9 d`). */
export function coverText(hours: number, locale: Locale): string {
  if (hours < 24) return `${Math.floor(hours)}\u00A0h`
  return `${countText(hours / 24, locale)}\u00A0${locale === 'fr' ? 'j' : 'd'}`
}

/** `14:32`. */
export function timeText(atMs: number): string {
  const at = new Date(atMs)
  return `${two(at.getHours())}:${two(at.getMinutes())}`
}

/** `24/11 14:32`. */
export function dayTimeText(atMs: number): string {
  const at = new Date(atMs)
  return `${two(at.getDate())}/${two(at.getMonth() + 1)} ${timeText(atMs)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
