// A person at a screen, as far as the wire can tell: JSON over http, the session's cookie kept.

import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'

export interface Answer<T> {
  readonly status: number
  readonly body: T
}

/** An answer that this story did not expect. */
export class UnexpectedAnswer extends Error {
  readonly status: number
  readonly body: unknown
  constructor(what: string, status: number, body: unknown) {
    super(`${what}: ${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

const TIMEOUT_MS = 120_000

export interface HttpPerson {
  get<T>(path: string): Promise<T>
  /** Null where there is no such thing (404). */
  tryGet<T>(path: string): Promise<T | null>
  /** Rejects with an UnexpectedAnswer on anything but 2xx. */
  post<T>(path: string, body: unknown): Promise<T>
  /** Any answer is an answer. */
  tryPost<T>(path: string, body: unknown): Promise<Answer<T>>
  /** The session's cookie, for another client of the same person. */
  cookie(): string
}

/** `certificate`: the one that an https address must show, as PEM. */
export function httpPerson(address: string, certificate?: string): HttpPerson {
  const secure = address.startsWith('https:')
  // One connection kept open, as a browser does.
  const pool = { keepAlive: true, maxSockets: 4 }
  const agent = secure
    ? new https.Agent({
        ...pool,
        // The certificate itself is known, whoever issued it and for whatever name.
        ...(certificate && {
          ca: certificate,
          allowPartialTrustChain: true,
          checkServerIdentity: () => undefined,
        }),
      })
    : new http.Agent(pool)
  const { request: ask } = secure ? https : http
  let cookie = ''

  async function call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const content = body === undefined ? null : JSON.stringify(body)
    const headers = {
      ...(cookie && { cookie }),
      ...(content !== null && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(content),
      }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = ask(new URL(path, address), { method, agent, headers, timeout: TIMEOUT_MS }, resolve)
    request.on('timeout', () =>
      request.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS / 1000} s`)),
    )
    request.on('error', reject)
    request.end(content)
    const response = await promise
    const set = response.headers['set-cookie'] ?? []
    if (set.length > 0) cookie = set.map((line) => line.split(';')[0]).join('; ')
    const answer = await text(response)
    return { status: response.statusCode ?? 0, body: (answer === '' ? null : JSON.parse(answer)) as T }
  }

  function expected<T>(what: string, answer: Answer<T>): T {
    if (answer.status < 200 || answer.status > 299)
      throw new UnexpectedAnswer(what, answer.status, answer.body)
    return answer.body
  }

  return {
    get: async <T>(path: string) => expected(`GET ${path}`, await call<T>('GET', path)),
    async tryGet<T>(path: string) {
      const answer = await call<T>('GET', path)
      return answer.status === 404 ? null : expected(`GET ${path}`, answer)
    },
    post: async <T>(path: string, body: unknown) =>
      expected(`POST ${path}`, await call<T>('POST', path, body)),
    tryPost: (path, body) => call('POST', path, body),
    cookie: () => cookie,
  }
}
