// X.509 for TLS only: each party is its own authority. The library takes a second to load, so it is loaded
// when a certificate is made, which is once a year.

import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Clock } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import type { KeyPair } from './party-keys.ts'

interface CertificateNeeds {
  readonly clock: Clock
  readonly random: Random
}

const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3_650
/** What browsers accept of public certificates, and a rhythm at which renewal stays practised. */
const TLS_DAYS = 397
/** Two machines whose clocks differ by an hour still talk. */
const BACKDATED_MS = 3_600_000
const SERIAL_BYTES = 16

async function loadX509() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

function privateCryptoKey(key: KeyObject): CryptoKey {
  return key.toCryptoKey(P256, false, ['sign']) as CryptoKey
}

function publicCryptoKey(key: KeyObject): CryptoKey {
  return key.toCryptoKey(P256, true, ['verify']) as CryptoKey
}

function serialNumber(random: Random): string {
  const bytes = randomBytes(random, SERIAL_BYTES)
  // A positive number without a leading zero byte (RFC 5280, 4.1.2.2).
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** A party's self-signed authority (P-256, ten years), as PEM. */
export async function createAuthority(
  party: string,
  pair: KeyPair,
  needs: CertificateNeeds,
): Promise<string> {
  const x509 = await loadX509()
  const nowMs = needs.clock.nowMs()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(needs.random),
    name: `CN=${party} authority`,
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: SIGNING,
    keys: { privateKey: privateCryptoKey(pair.privateKey), publicKey: publicCryptoKey(pair.publicKey) },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** A certificate for both ends of TLS, good for these names (default: this machine), 397 days, as PEM. */
export async function issueTlsCertificate(
  request: {
    party: string
    publicKey: KeyObject
    authorityPem: string
    authorityKey: KeyObject
    dnsNames?: readonly string[]
    addresses?: readonly string[]
  },
  needs: CertificateNeeds,
): Promise<string> {
  const x509 = await loadX509()
  const nowMs = needs.clock.nowMs()
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(needs.random),
    subject: `CN=${request.party}`,
    issuer: new x509.X509Certificate(request.authorityPem).subject,
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + TLS_DAYS * DAY_MS),
    signingAlgorithm: SIGNING,
    publicKey: publicCryptoKey(request.publicKey),
    signingKey: privateCryptoKey(request.authorityKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        ...(request.dnsNames ?? ['localhost']).map((value) => ({ type: 'dns', value }) as const),
        ...(request.addresses ?? ['127.0.0.1']).map((value) => ({ type: 'ip', value }) as const),
      ]),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** Whom a TLS certificate of ours is for: what `issueTlsCertificate` was asked. */
export function namesOf(certificate: X509Certificate): {
  party: string
  dnsNames: string[]
  addresses: string[]
} {
  const names = certificate.subjectAltName?.split(', ') ?? []
  const after = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return {
    party: certificate.subject.replace(/^CN=/, ''),
    dnsNames: after('DNS:'),
    addresses: after('IP Address:'),
  }
}
