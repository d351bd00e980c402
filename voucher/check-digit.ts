// ISO/IEC 7812-1, annex B: doubles every second digit from the right, sums the digits, fills up to ten.

/** The check digit (0 … 9) to append to ASCII digits. */
export function luhnDigit(ascii: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < ascii.length; i++) {
    const value = ascii[ascii.length - 1 - i]! - 0x30
    const doubled = value * 2
    sum += i % 2 === 0 ? (doubled > 9 ? doubled - 9 : doubled) : value
  }
  return (10 - (sum % 10)) % 10
}

/** Whether the last of these ASCII digits is the check digit of those before it. */
export function luhnHolds(ascii: Uint8Array): boolean {
  return ascii.length > 1 && luhnDigit(ascii.subarray(0, -1)) === ascii[ascii.length - 1]! - 0x30
}
