// A person at a screen, as far as the wire can tell: JSON over http, the session's cookie kept.

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
}

export function httpPerson(port: number): HttpPerson {
  const base = `http://127.0.0.1:${port}`
  let cookie = ''

  async function call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(base + path, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(cookie && { cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const set = response.headers.getSetCookie()
    if (set.length > 0) cookie = set.map((line) => line.split(';')[0]).join('; ')
    const text = await response.text()
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T }
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
  }
}
