// What an office brings to its cases: where they stand, and what its packs can be asked about a range.

import type { Clock } from '@scratchless/voucher/clock'
import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'
import type { Pool, Sql, SqlClient } from '../database/database.ts'
import type { CaseView } from './case-shapes.ts'
import type { CaseBooks, StockScope } from './code-case.sql.ts'
import type { CodeState } from './code-states.ts'
import type { LotStateView } from './lot-state.sql.ts'

/** The codes that a case is about: one operator's at the centre, all of its own at an operator. */
export interface CodeStock {
  readonly scope: StockScope
  readonly lots: LotStock
  /** Makes whoever plans by what is free come before or after. */
  lockRange(sql: Sql, range: SerialRange): Promise<void>
  /** Puts the free codes of a range aside; how many there were. */
  holdRange(sql: Sql, range: SerialRange): Promise<number>
  /** Lets the codes of a range go that are aside; how many there were. */
  releaseRange(sql: Sql, range: SerialRange, at: Date): Promise<number>
  countMarks(sql: Sql, range: SerialRange): Promise<{ known: number; given: number; aside: number }>
  /** Whether codes of the range are decided for somebody and the vault has yet to close them. */
  isUnderWay(sql: Sql, range: SerialRange): Promise<boolean>
  /** Where one code is; undefined where there is none of this serial. */
  stateOf(sql: Sql, serial: SerialNumber): Promise<CodeState | undefined>
  /** What else follows, in the same transaction. */
  opened(sql: SqlClient, opened: CaseView, at: Date): Promise<void>
  ended(sql: SqlClient, ended: CaseView, at: Date): Promise<void>
}

/** Of a lot's codes that this office has or had: all, and those that it gave away. */
export interface CountedLot {
  readonly codes: number
  readonly given: number
}

export interface LotStock {
  /** Puts whoever changes the lot, promises codes of it or takes a part of it in line. */
  lock(sql: Sql, lot: LotId): Promise<void>
  /** Undefined: no such lot. */
  count(sql: Sql, lot: LotId): Promise<CountedLot | undefined>
  hold(sql: Sql, lot: LotId, at: Date): Promise<void>
  release(sql: Sql, lot: LotId): Promise<void>
  isUnderWay(sql: Sql, lot: LotId): Promise<boolean>
  /** What else follows, in the same transaction. */
  changed(sql: SqlClient, changed: LotStateView, at: Date): Promise<void>
}

export interface CaseOffice {
  readonly pool: Pool
  readonly clock: Clock
  readonly books: CaseBooks
  stockOf(operator: OperatorId | undefined): CodeStock
  /** Lots whose last day was before this one, and that have not ended. */
  lotsPast(day: string): Promise<readonly { operator?: OperatorId; lot: LotId; lastDay: string }[]>
  /** Before anybody looks at the stock. */
  catchUp(): Promise<void>
  /** Tells whoever has such codes, once it is committed; what of that a person must know. */
  tell(): Promise<object>
}
