// Base64 (RFC 4648, section 4) as toolkits write it into XML: with or without line breaks.

/** What may stand between the digits: white space, and a carriage return in its canonical spelling. */
const BREAKS = /[\n\r\t ]|&#xD;/g
const DIGITS = /^[A-Za-z0-9+/]*={0,2}$/

/** Null where the text is no base64: node's own decoder would skip what it does not know. */
export function decodeBase64(text: string): Buffer | null {
  const digits = text.replace(BREAKS, '')
  return digits.length % 4 === 0 && DIGITS.test(digits) ? Buffer.from(digits, 'base64') : null
}
