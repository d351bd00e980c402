// How a restock message travels: one POST, one message in the body, one signed message as the answer.

export const RESTOCK_PATH = '/restock'
export const RESTOCK_CONTENT_TYPE = 'application/xml'

/** An answer without a signature: it says nothing, so that it teaches nothing. */
interface PlainAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

/** For anybody whose TLS certificate is no partner's, whatever he sent. */
export const STRANGER_ANSWER: PlainAnswer = {
  status: 403,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from('forbidden\n'),
}

/** For a partner's message that does not open: the same bytes for every reason, which stays in our log. */
export const INVALID_MESSAGE_ANSWER: PlainAnswer = {
  status: 400,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from('invalid message\n'),
}
