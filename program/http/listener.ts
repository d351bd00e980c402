// Where a program listens, as its settings say it: an address and a port, and for people TLS. Whatever can be reached
// from another machine takes TLS, or it does not start; only a modem's frames, which protect themselves, go without.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { BlockList, isIPv6 } from 'node:net'
import { z } from 'zod'
import { ConfigProblem } from '../config-file.ts'

export const LOOPBACK = '127.0.0.1'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

const EVERY_ADDRESS = new BlockList()
EVERY_ADDRESS.addAddress('0.0.0.0', 'ipv4')
EVERY_ADDRESS.addAddress('::', 'ipv6')

const host = z.union([z.ipv4(), z.ipv6()], 'an address of this machine in figures, such as 127.0.0.1')
const port = z.int().min(1).max(65_535)

/** One that protects what it carries by itself: mutual TLS between offices, TLS for terminals, a modem's frames. */
export const protectedListener = z.strictObject({ host: host.default(LOOPBACK), port })

/** One for people, and for what people send: plain on this machine alone, TLS elsewhere. */
export const listener = z
  .strictObject({
    host: host.default(LOOPBACK),
    port,
    /** What it is called where that is not its address: the name in the certificate and in addresses that we hand out. */
    name: z.hostname().optional(),
    /** PEM files that this process may read; a relative path begins at the data folder. */
    tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
  })
  .superRefine(({ host, name, tls }, context) => {
    const missing = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message: `missing; ${message}` })
    if (tls === undefined && !isLoopback(host)) missing('tls', plainOutside(host))
    if (name === undefined && EVERY_ADDRESS.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'))
      missing('name', `${host} is every address of this machine: say by which name it is reached`)
  })

export type Listener = z.output<typeof listener>

function plainOutside(host: string): string {
  return `${host} is reached from other machines: name certificate and key, or listen on ${LOOPBACK}`
}

/** For a listener that has no TLS at all. Throws a ConfigProblem where others would reach it. */
export function assertOnlyHere(setting: string, host: string): void {
  if (!isLoopback(host))
    throw new ConfigProblem(
      `${setting}: without TLS it listens on ${LOOPBACK} and its like only, not on ${host}`,
    )
}

/** What it is reached by: `https://stock.example:4003`. */
export function addressOf({ host, port, name, tls }: Listener): string {
  const called = name ?? (isIPv6(host) ? `[${host}]` : host)
  return `${tls === undefined ? 'http' : 'https'}://${called}:${port}`
}

/** The names under which a browser may ask for it: a page elsewhere that points its own name here is not served. */
export function namesOf({ host, name }: Pick<Listener, 'host' | 'name'>): readonly string[] {
  const called = isIPv6(host) ? `[${host}]` : host
  return [LOOPBACK, 'localhost', '[::1]', called, ...(name === undefined ? [] : [name.toLowerCase()])]
}

interface ListenerTls {
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.2'
}

/** Reads the files that a listener's settings name. Throws a ConfigProblem that names setting and file. */
export function readTls(setting: string, tls: NonNullable<Listener['tls']>): ListenerTls {
  const read = (field: 'certificate' | 'key') => {
    try {
      return readFileSync(tls[field])
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new ConfigProblem(`${setting}.tls.${field}: ${tls[field]} cannot be read (${code})`, {
        cause: error,
      })
    }
  }
  const [cert, key] = [read('certificate'), read('key')]
  const parsed = <Kind>(field: 'certificate' | 'key', what: string, parse: () => Kind): Kind => {
    try {
      return parse()
    } catch (error) {
      throw new ConfigProblem(`${setting}.tls.${field}: ${tls[field]} holds no ${what} in PEM`, {
        cause: error,
      })
    }
  }
  const certificate = parsed('certificate', 'certificate', () => new X509Certificate(cert))
  const privateKey = parsed('key', 'private key', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new ConfigProblem(
      `${setting}.tls: ${tls.key} is not the key of the certificate in ${tls.certificate}`,
    )
  return { cert, key, minVersion: 'TLSv1.2' }
}
