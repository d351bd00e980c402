// A terminal's request once it is known to be its own.

import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** A request whose signature held. */
export interface VerifiedMessage {
  /** Whose it is, and of which depot: both stand with its certificate, and never change. */
  readonly sender: TerminalId
  readonly depot: DepotId
  /** The terminal's certificate that it came under: the present one, or one before. */
  readonly certificate: { readonly number: number; readonly endsAt: Date }
  readonly sequence: number
  readonly kind: string
  readonly payloadHash: Buffer
  /** The whole frame, as it came. */
  readonly bytes: Uint8Array
}

/** The same with its terminal's row, as it was read for it. */
export interface SignedMessage extends VerifiedMessage {
  readonly terminal: SupplyTerminal
}
