// A suite fixes every algorithm of a message. It is agreed per partner, by people, and never negotiated
// on the line: a message that names other algorithms is refused, whatever they are.

export type Suite = 'modern' | 'interop'

/** The algorithm identifiers of one suite, as XML Signature 1.1 and XML Encryption 1.1 spell them. */
interface SuiteAlgorithms {
  readonly signature: string
  readonly digest: string
  readonly keyTransport: string
  /** DigestMethod inside the key transport's EncryptionMethod. */
  readonly oaepDigest: string
  /** MGF inside it; null where the key transport's own identifier fixes MGF1 with SHA-1. */
  readonly oaepMask: string | null
  /** The same hash by the name that node:crypto knows; it serves OAEP's label hash and MGF1 alike. */
  readonly oaepHash: 'sha1' | 'sha256'
  readonly content: string
}

export const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
export const XENC = 'http://www.w3.org/2001/04/xmlenc#'
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#'
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED_SIGNATURE = `${DSIG}enveloped-signature`

export const SUITES: Readonly<Record<Suite, SuiteAlgorithms>> = {
  /** RSASSA-PSS and RSAES-OAEP with SHA-256 throughout (RFC 8017; salt of 32 bytes). */
  modern: {
    signature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
    digest: `${XENC}sha256`,
    keyTransport: `${XENC11}rsa-oaep`,
    oaepDigest: `${XENC}sha256`,
    oaepMask: `${XENC11}mgf1sha256`,
    oaepHash: 'sha256',
    content: `${XENC11}aes256-gcm`,
  },
  /**
   * What older toolkits speak (xmlsec1 1.2, Santuario, .NET): PKCS #1 v1.5 signatures with SHA-256, and OAEP
   * with SHA-1, which asks no collision resistance of its hash.
   */
  interop: {
    signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    digest: `${XENC}sha256`,
    keyTransport: `${XENC}rsa-oaep-mgf1p`,
    oaepDigest: `${DSIG}sha1`,
    oaepMask: null,
    oaepHash: 'sha1',
    content: `${XENC11}aes256-gcm`,
  },
}

export function isSuite(text: string): text is Suite {
  return Object.hasOwn(SUITES, text)
}
