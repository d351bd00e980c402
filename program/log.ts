// Logs are JSON lines. What could open a code or an account is cut out by name, as a last net:
// the first one is that nobody hands such a thing to a log.

import type { Clock } from '@scratchless/voucher/clock'
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

// Not `code`: a fault's SQLSTATE has that name, and a clear code prints as [code] by itself.
const SECRET_FIELDS = ['password', 'passphrase', 'pin', 'puk', 'secret', 'token', 'cookie', 'authorization']

/** A logger whose lines carry the program's name, the process's role and the clock's time in milliseconds. */
export function createLog(
  options: { program: string; process: string; clock: Clock; level?: string },
  destination?: DestinationStream,
): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { program: options.program, process: options.process },
    timestamp: () => `,"time":${options.clock.nowMs()}`,
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[cut]',
    },
  }
  return destination === undefined ? pino(settings) : pino(settings, destination)
}
