import pg from 'pg'

/** A connection beside the pools. One that breaks between two statements has nobody to tell: the next statement fails. */
export function newClient(url: string): pg.Client {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  return client
}
