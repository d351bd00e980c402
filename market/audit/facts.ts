// What each party's own books say, as far as another party's books can say otherwise. Serials in ranges, content by
// hash: nothing here is a secret.

/** Consecutive serials of one operator. */
export interface Range {
  readonly firstSerial: bigint
  readonly count: number
}

export interface TerminalFacts {
  /** The centre's name for it; null while it is not enrolled. */
  readonly terminal: string | null
  readonly readAt: Date
  readonly runs: readonly (Range & {
    readonly delivery: number
    readonly operator: string
    readonly product: string
    readonly lot: string
  })[]
  readonly sales: readonly {
    readonly number: number
    readonly operator: string
    readonly serial: bigint
    readonly product: string
    readonly state: string
    readonly acknowledged: boolean
  }[]
  readonly requests: readonly {
    readonly sequence: number
    readonly kind: string
    readonly state: string
    readonly payloadHash: string
    readonly answerHash: string | null
  }[]
  readonly receipted: readonly number[]
}

export interface CentreFacts {
  readonly readAt: Date
  readonly terminals: readonly { readonly id: string; readonly lastSequence: bigint }[]
  readonly messages: readonly {
    readonly terminal: string
    readonly sequence: bigint
    readonly takenAt: Date
    readonly payloadHash: string
    readonly answerHash: string | null
  }[]
  readonly supplyOrders: readonly {
    readonly terminal: string
    readonly sequence: bigint
    readonly codes: number
    readonly state: string
    readonly settledAt: Date | null
    /** What the vault closed for it; null: nothing. */
    readonly closed: number | null
  }[]
  readonly runs: readonly (Range & {
    readonly terminal: string
    readonly sequence: bigint
    readonly operator: string
    readonly product: string
    readonly lot: string
  })[]
  readonly sales: readonly {
    readonly terminal: string
    readonly operator: string
    readonly serial: bigint
    readonly product: string
    readonly ticket: bigint
    readonly reportedIn: bigint
  }[]
  readonly packs: readonly (Range & {
    readonly operator: string
    readonly product: string
    readonly lot: string
    readonly delivery: string
    readonly given: number
  })[]
  readonly restockLines: readonly {
    readonly operator: string
    readonly order: string
    readonly line: number
    readonly accepted: number
    readonly unitPriceMinor: bigint | null
    /** Whether the operator's answer is in the books. */
    readonly answered: boolean
  }[]
  readonly parts: readonly {
    readonly operator: string
    readonly id: string
    readonly verdict: string
    readonly codes: number
  }[]
  readonly asked: readonly Letter[]
  readonly answered: readonly Letter[]
}

export interface OperatorFacts {
  readonly operator: string
  readonly readAt: Date
  readonly lots: readonly { readonly id: string; readonly product: string; readonly codes: number }[]
  readonly restockLines: readonly {
    readonly order: string
    readonly line: number
    readonly accepted: number
    readonly unitPriceMinor: bigint | null
  }[]
  readonly parts: readonly {
    readonly id: string
    readonly lot: string
    readonly codes: number
    readonly state: string
    readonly codesTaken: number | null
    readonly settledAt: Date | null
  }[]
  readonly runs: readonly (Range & { readonly delivery: string })[]
  readonly asked: readonly Letter[]
  readonly answered: readonly Letter[]
}

/** A restock message in the books of one end: its name and what was answered. */
export interface Letter {
  readonly partner: string
  readonly kind: string
  readonly id: string
  /** Null while there is no answer. */
  readonly answerHash: string | null
  /** When its asker had the answer; null at the answerer. */
  readonly settledAt: Date | null
}

export interface MarketFacts {
  readonly terminals: readonly TerminalFacts[]
  readonly centre: CentreFacts
  readonly operators: readonly OperatorFacts[]
}
