// A terminal's request once it is known to be its own.

import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** A request whose signature held. */
export interface SignedMessage {
  readonly terminal: SupplyTerminal
  /** The terminal's certificate that it came under: the present one, or one before. */
  readonly certificate: { readonly number: number; readonly endsAt: Date }
  readonly sequence: number
  readonly kind: string
  readonly payloadHash: Buffer
  /** The whole frame, as it came. */
  readonly bytes: Uint8Array
}
