import { X509Certificate } from 'node:crypto'
import type { Random } from '@scratchless/voucher/random'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, issueTlsCertificate } from './certificates.ts'
import { generatePair, type KeyPair } from './party-keys.ts'

const NOW_MS = 1_790_000_000_000
const DAY_MS = 86_400_000
const clock = { nowMs: () => NOW_MS }
const filledWith = (byte: number): Random => ({ fill: (target) => void target.fill(byte) })
const needs = (byte: number) => ({ clock, random: filledWith(byte) })

let authority: KeyPair
let tls: KeyPair
let authorityPem: string
let issue: (more?: { dnsNames?: string[]; addresses?: string[] }, byte?: number) => Promise<string>
beforeAll(async () => {
  authority = generatePair('tls-authority')
  tls = generatePair('tls')
  authorityPem = await createAuthority('atlas', authority, needs(0xff))
  issue = (more, byte = 0) =>
    issueTlsCertificate(
      {
        party: 'atlas',
        publicKey: tls.publicKey,
        authorityPem,
        authorityKey: authority.privateKey,
        ...more,
      },
      needs(byte),
    )
})

/** What only an X.509 reader with all extensions sees. */
function extensionsOf(pem: string) {
  const certificate = new x509.X509Certificate(pem)
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension)
  const usages = certificate.getExtension(x509.KeyUsagesExtension)
  return {
    constraints: constraints && [constraints.ca, constraints.pathLength, constraints.critical],
    usages: usages && [usages.usages, usages.critical],
    extended: certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages,
    count: certificate.extensions.length,
  }
}

const timesOf = ({ validFromDate, validToDate }: X509Certificate) => [
  validFromDate.getTime() - NOW_MS,
  validToDate.getTime() - NOW_MS,
]

describe("a party's authority", () => {
  it('is its own, for ten years from an hour ago, and signs certificates and their revocation only', () => {
    const certificate = new X509Certificate(authorityPem)
    expect([certificate.subject, certificate.issuer]).toEqual(['CN=atlas authority', 'CN=atlas authority'])
    expect(certificate.publicKey.equals(authority.publicKey)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
    expect(timesOf(certificate)).toEqual([-3_600_000, 3_650 * DAY_MS])
    expect(certificate.ca).toBe(true)
    const { keyCertSign, cRLSign } = x509.KeyUsageFlags
    expect(extensionsOf(authorityPem)).toEqual({
      constraints: [true, 0, true],
      usages: [keyCertSign | cRLSign, true],
      extended: undefined,
      count: 2,
    })
    expect(authorityPem).toMatch(/^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\n$/)
  })
})

describe('a TLS certificate', () => {
  it('is signed by the authority, for 397 days from an hour ago, for both ends of TLS and nothing else', async () => {
    const pem = await issue()
    const certificate = new X509Certificate(pem)
    expect([certificate.subject, certificate.issuer]).toEqual(['CN=atlas', 'CN=atlas authority'])
    expect(certificate.publicKey.equals(tls.publicKey)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
    expect(certificate.checkIssued(new X509Certificate(authorityPem))).toBe(true)
    expect(timesOf(certificate)).toEqual([-3_600_000, 397 * DAY_MS])
    expect(certificate.ca).toBe(false)
    expect(extensionsOf(pem)).toEqual({
      constraints: [false, undefined, true],
      usages: [x509.KeyUsageFlags.digitalSignature, true],
      extended: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
      count: 4,
    })
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\n$/)
  })

  it('is good for this machine, or for the names and addresses asked for', async () => {
    const altName = async (more?: { dnsNames?: string[]; addresses?: string[] }) =>
      new X509Certificate(await issue(more)).subjectAltName
    expect(await altName()).toBe('DNS:localhost, IP Address:127.0.0.1')
    expect(await altName({ dnsNames: ['a.example', 'b.example'], addresses: ['10.0.0.1'] })).toBe(
      'DNS:a.example, DNS:b.example, IP Address:10.0.0.1',
    )
    expect(await altName({ dnsNames: [] })).toBe('IP Address:127.0.0.1')
  })

  it('has a serial of 16 random bytes, positive and without a zero in front', async () => {
    const serial = async (byte: number) => new X509Certificate(await issue({}, byte)).serialNumber
    expect(await serial(0x00)).toBe(`40${'00'.repeat(15)}`)
    expect(await serial(0xff)).toBe(`7F${'FF'.repeat(15)}`)
    expect(await serial(0x12)).toBe(`52${'12'.repeat(15)}`)
    expect(new X509Certificate(authorityPem).serialNumber).toBe(`7F${'FF'.repeat(15)}`)
  })
})
