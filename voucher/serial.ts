// A serial is the public number of a code: twelve digits, never derived from the code, nor it from the serial.

declare const brand: unique symbol
export type SerialNumber = string & { readonly [brand]: 'SerialNumber' }

export const SERIAL_DIGITS = 12
const MAX_SERIAL = 999_999_999_999

/** Consecutive serials: the first one and how many. */
export interface SerialRange {
  readonly firstSerial: SerialNumber
  readonly count: number
}

export function isSerial(text: string): text is SerialNumber {
  return text.length === SERIAL_DIGITS && /^\d+$/.test(text)
}

/** Throws a TypeError on anything but twelve digits. */
export function serialNumber(text: string): SerialNumber {
  if (!isSerial(text)) throw new TypeError('a serial has twelve digits')
  return text
}

/** The serial as a whole number, exact: twelve digits stay below 2^53. */
export function serialToNumber(serial: SerialNumber): number {
  return Number(serial)
}

/** Throws a RangeError outside 0 … 999,999,999,999. */
export function serialFromNumber(value: number): SerialNumber {
  if (!Number.isInteger(value) || value < 0 || value > MAX_SERIAL)
    throw new RangeError('no serial has this number')
  return String(value).padStart(SERIAL_DIGITS, '0') as SerialNumber
}

/** The serial `index` places after `first`. */
export function serialAt(first: SerialNumber, index: number): SerialNumber {
  return serialFromNumber(serialToNumber(first) + index)
}

/** For people: `1048 2277 3901`. */
export function groupSerial(serial: SerialNumber): string {
  return serial.replace(/(\d{4})(?=\d)/g, '$1 ')
}
