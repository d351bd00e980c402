// Mutual TLS between offices: the listening side (the asking side is keys/pinned-client). A partner's certificate
// must come from the partner's own authority and carry the very key that was exchanged by ceremony: the pin is the
// SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).

import type { ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import type { PinnedTls, TlsIdentity } from '@scratchless/keys/pinned-client'
import type { PartyId } from '@scratchless/voucher/ids'
import type { FastifyRequest } from 'fastify'

/** What we know of a partner's TLS by ceremony. */
export interface PartnerTls extends PinnedTls {
  readonly party: PartyId
}

/** TLS settings for a listener that only partners reach: TLS 1.3, a client certificate of a known authority. */
export function partnerListenerTls(own: TlsIdentity, partners: readonly PartnerTls[]): ServerOptions {
  return {
    key: own.keyPem,
    cert: own.certificatePem,
    ca: partners.map(({ authorityPem }) => authorityPem),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  }
}

/** TLS settings for a listener that anybody may reach, whose messages protect themselves (terminals). */
export function publicListenerTls(own: TlsIdentity): ServerOptions {
  return { key: own.keyPem, cert: own.certificatePem, minVersion: 'TLSv1.2' }
}

/** Who is at the other end of a partner listener's request: the partner whose pin the certificate has, or null. */
export function partnerOf(request: FastifyRequest, partners: readonly PartnerTls[]): PartyId | null {
  const certificate = (request.raw.socket as TLSSocket).getPeerX509Certificate?.()
  if (certificate === undefined) return null
  const pin = fingerprintOf(certificate.publicKey)
  return partners.find((partner) => partner.spkiSha256 === pin)?.party ?? null
}
