// The one shape of our signature. Exclusive canonicalization gives a Signature exactly one spelling, so both
// sides of it are templates with holes: the signer fills them, the verifier accepts nothing else. No algorithm,
// reference or key is ever taken from a received signature.

import { DSIG, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, SUITES, type Suite } from './suites.ts'

export const SIGNATURE_START = `<ds:Signature xmlns:ds="${DSIG}">`
export const SIGNATURE_END = '</ds:Signature>'
export const SIGNATURE_VALUE = { start: '<ds:SignatureValue>', end: '</ds:SignatureValue>' } as const
/** A KeyName may follow the value; it is neither written nor used by us, and nothing else may. */
export const KEY_NAME = /^<ds:KeyInfo><ds:KeyName>[^<>]{1,200}<\/ds:KeyName><\/ds:KeyInfo>$/

/** The digest's place: SHA-256 in base64 is 43 digits and one `=`. */
export const DIGEST_BASE64_LENGTH = 44

/** What stands in SignedInfo before and after the digest, without SignedInfo's own tags. */
export function signedInfoAround(suite: Suite): { before: string; after: string } {
  const { signature, digest } = SUITES[suite]
  return {
    before:
      `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>` +
      `<ds:SignatureMethod Algorithm="${signature}"></ds:SignatureMethod>` +
      '<ds:Reference URI="">' +
      '<ds:Transforms>' +
      `<ds:Transform Algorithm="${ENVELOPED_SIGNATURE}"></ds:Transform>` +
      `<ds:Transform Algorithm="${EXCLUSIVE_C14N}"></ds:Transform>` +
      '</ds:Transforms>' +
      `<ds:DigestMethod Algorithm="${digest}"></ds:DigestMethod>` +
      '<ds:DigestValue>',
    after: '</ds:DigestValue></ds:Reference>',
  }
}

/** SignedInfo as it stands inside Signature. */
export function signedInfoInside(suite: Suite, digestBase64: string): string {
  const { before, after } = signedInfoAround(suite)
  return `<ds:SignedInfo>${before}${digestBase64}${after}</ds:SignedInfo>`
}

/** SignedInfo as it is signed: canonicalized alone, it declares its namespace itself. */
export function signedInfoAlone(suite: Suite, digestBase64: string): Buffer {
  const { before, after } = signedInfoAround(suite)
  return Buffer.from(`<ds:SignedInfo xmlns:ds="${DSIG}">${before}${digestBase64}${after}</ds:SignedInfo>`)
}
