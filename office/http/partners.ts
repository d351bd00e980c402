// Mutual TLS between offices. A partner's certificate must come from the partner's own authority and carry
// the very key that was exchanged by ceremony: the pin is the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).

import { X509Certificate } from 'node:crypto'
import { Agent, request as httpsRequest, type ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import type { PartyId } from '@scratchless/voucher/ids'
import type { FastifyRequest } from 'fastify'

/** Own key and certificate for TLS, as PEM. This key opens no code. */
export interface TlsIdentity {
  readonly keyPem: string
  readonly certificatePem: string
}

/** What we know of a partner's TLS by ceremony. */
export interface PartnerTls {
  readonly party: PartyId
  /** The partner's own authority, as PEM. */
  readonly authorityPem: string
  /** The `fingerprintOf` the key in the partner's certificate: lower-case hex. */
  readonly spkiSha256: string
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

/** Why no whole answer came. After `timed-out` and `cut` the far end may have taken the message. */
export type LineProblem = 'unreachable' | 'wrong-certificate' | 'timed-out' | 'cut' | 'too-large'

export class LineFault extends Error {
  override name = 'LineFault'
  readonly problem: LineProblem
  constructor(problem: LineProblem, cause?: unknown) {
    super(`${problem}${cause instanceof Error ? `: ${cause.message}` : ''}`, { cause })
    this.problem = problem
  }
}

export interface PinnedAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

export interface PinnedClient {
  /** Posts bytes and returns the whole answer, whatever its status. Throws a LineFault. */
  post(message: {
    url: string
    body: Uint8Array
    contentType: string
    timeoutMs?: number
  }): Promise<PinnedAnswer>
  close(): void
}

/** Above any answer of a partner (a restock order's answer has no codes). */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const DEFAULT_TIMEOUT_MS = 60_000
/** Restock parts of one partner that travel at once. */
const MAX_SOCKETS = 8

/**
 * A client for one partner over kept-alive connections. `own` is absent where the far end asks for no
 * certificate (a terminal's messages sign themselves).
 */
export function createPinnedClient(partner: Omit<PartnerTls, 'party'>, own?: TlsIdentity): PinnedClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ca: partner.authorityPem,
    minVersion: 'TLSv1.3',
    ...(own && { key: own.keyPem, cert: own.certificatePem }),
    // The pin takes the place of the name: partners move between addresses, keys do not.
    checkServerIdentity: (_host, { raw }) =>
      fingerprintOf(new X509Certificate(raw).publicKey) === partner.spkiSha256 ? undefined : new WrongKey(),
  })
  return {
    post({ url, body, contentType, timeoutMs = DEFAULT_TIMEOUT_MS }) {
      return new Promise((resolve, reject) => {
        let sent = false
        const fail = (error: unknown) => {
          clearTimeout(timer)
          request.destroy()
          reject(error instanceof LineFault ? error : new LineFault(problemOf(error, sent), error))
        }
        const request = httpsRequest(
          url,
          {
            agent,
            method: 'POST',
            headers: { 'content-type': contentType, 'content-length': body.length },
          },
          (answer) => {
            const chunks: Buffer[] = []
            let size = 0
            answer.on('data', (chunk: Buffer) => {
              size += chunk.length
              if (size > MAX_ANSWER_BYTES) fail(new LineFault('too-large'))
              else chunks.push(chunk)
            })
            answer.on('error', fail)
            answer.on('end', () => {
              clearTimeout(timer)
              resolve({
                status: answer.statusCode ?? 0,
                contentType: answer.headers['content-type'] ?? '',
                body: Buffer.concat(chunks),
              })
            })
          },
        )
        const timer = setTimeout(() => fail(new LineFault('timed-out')), timeoutMs)
        request.on('finish', () => {
          sent = true
        })
        request.on('error', fail)
        request.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}

class WrongKey extends Error {
  readonly code = 'SCRATCHLESS_WRONG_KEY'
}

function problemOf(error: unknown, sent: boolean): LineProblem {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (/CERT|SELF_SIGNED|UNABLE_TO|WRONG_KEY|^ERR_SSL|^ERR_TLS/.test(code)) return 'wrong-certificate'
  return sent ? 'cut' : 'unreachable'
}
