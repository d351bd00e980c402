// The asking side of HTTPS between programs. The far end's certificate must come from the far end's own authority
// and carry the very key that was exchanged by ceremony: the pin is the SHA-256 of its SubjectPublicKeyInfo
// (RFC 7469, 2.4).

import { X509Certificate } from 'node:crypto'
import { Agent, request as httpsRequest } from 'node:https'
import { fingerprintOf } from './fingerprint.ts'

/** Own key and certificate for TLS, as PEM. This key opens no code. */
export interface TlsIdentity {
  readonly keyPem: string
  readonly certificatePem: string
}

/** What we know of the far end's TLS by ceremony. */
export interface PinnedTls {
  /** The far end's own authority, as PEM. */
  readonly authorityPem: string
  /** The `fingerprintOf` the key in the far end's certificate: lower-case hex. */
  readonly spkiSha256: string
}

/** Why no whole answer came. After `timed-out` and `cut` the far end may have taken the message. */
type LineProblem = 'unreachable' | 'wrong-certificate' | 'timed-out' | 'cut' | 'too-large'

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
 * A client for one peer over kept-alive connections. `own` is absent where the far end asks for no
 * certificate (a terminal's messages sign themselves).
 */
export function createPinnedClient(peer: PinnedTls, own?: TlsIdentity): PinnedClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ca: peer.authorityPem,
    minVersion: 'TLSv1.3',
    ...(own && { key: own.keyPem, cert: own.certificatePem }),
    // The pin takes the place of the name: partners move between addresses, keys do not.
    checkServerIdentity: (_host, { raw }) =>
      fingerprintOf(new X509Certificate(raw).publicKey) === peer.spkiSha256 ? undefined : new WrongKey(),
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
