// What the till shows: before anybody has signed in, on the home screen, and to whoever looks after this machine.

import { contract } from '@scratchless/program/contract/contract'
import { z } from 'zod'
import {
  amountShape,
  CARD_STATUSES,
  LINE_STATUSES,
  PRINTER_STATUSES,
  productField,
  saleShape,
  TILL_LOCKS,
} from './till-shapes.ts'

const ENROLMENT_STATES = ['none', 'waiting', 'enrolled'] as const

const stopShape = z.strictObject({
  reason: z.enum(['terminal-revoked', 'terminal-locked']),
  /** As the centre says it: `stolen`, `two-journals` … */
  why: z.string(),
})

/** What the screen shows before anybody has signed in. */
export const stateShape = z.strictObject({
  terminal: z.string().nullable(),
  retailerName: z.string().nullable(),
  /** `none`: not enrolled; `waiting`: the centre's approval is asked; `enrolled`: can order and sell. */
  enrolment: z.enum(ENROLMENT_STATES),
  /** To be read to the approver, while waiting; of a terminal that is enrolled already, its next one. */
  fingerprint: z.string().nullable(),
  /** Why the last enrolment came to nothing. */
  enrolmentRefusal: z.string().nullable(),
  /** The centre said that this terminal sells no more. */
  stopped: stopShape.nullable(),
  /** The centre did not understand this program, and a newer one is wanted; what works goes on. */
  updateNeeded: z.boolean(),
  /** From the centre to the owner. */
  message: z.string().nullable(),
  /** The certificate has ended: only a second enrolment helps. */
  certificateOver: z.boolean(),
  vendors: z.array(z.strictObject({ id: z.string() })).readonly(),
  signedIn: z.enum(['nobody', 'owner', 'vendor']),
  locale: z.enum(['fr', 'en']),
})
export type TillState = Readonly<z.output<typeof stateShape>>

const tileShape = z.strictObject({
  /** Key 1 … 9 of the numeric keypad. */
  key: z.int(),
  product: productField,
  faceValue: amountShape,
  price: amountShape,
  /** Codes on board that can be sold. */
  stock: z.int(),
  /** Codes ordered and not yet here. */
  onTheWay: z.int(),
  /** Below this many codes the tile warns. */
  minimum: z.int(),
  /** The most that stood here since the last delivery: the full width of the meter. */
  full: z.int(),
  /** At the usual pace of sale; null while there is no usual pace yet. */
  coverHours: z.number().nullable(),
  level: z.enum(['normal', 'low', 'none']),
})
export type Tile = Readonly<z.output<typeof tileShape>>

const operatorShape = z.strictObject({
  operator: z.string(),
  name: z.string(),
  /** `#rrggbb`, as key, square or band only. */
  colour: z.string(),
  stock: z.int(),
  tiles: z.array(tileShape).readonly(),
})
export type OperatorTiles = Readonly<z.output<typeof operatorShape>>

/** Everything the home screen shows. */
const homeShape = z.strictObject({
  nowMs: z.int(),
  terminal: z.string(),
  retailerName: z.string(),
  vendor: z.strictObject({ id: z.string(), sinceMs: z.int() }),
  line: z.enum(LINE_STATUSES),
  printer: z.enum(PRINTER_STATUSES),
  card: z.enum(CARD_STATUSES),
  leaseUntilMs: z.int(),
  /** Sales and receipts the centre has not confirmed yet. */
  unsent: z.int(),
  locked: z.enum(TILL_LOCKS).nullable(),
  /** Why, where the centre stopped this terminal. */
  stopped: stopShape.nullable(),
  operators: z.array(operatorShape).readonly(),
  lastSale: saleShape.nullable(),
  /** Sales whose paper must be looked at, oldest first. */
  doubts: z.array(saleShape).readonly(),
  balance: amountShape.nullable(),
  day: z.strictObject({
    sales: z.int(),
    amount: amountShape,
    /** Sales by hour of the day, 24 figures. */
    byHour: z.array(z.int()).readonly(),
  }),
})
export type HomeView = Readonly<z.output<typeof homeShape>>

const countsByProduct = z.record(z.string(), z.int())

/** For whoever looks after this machine: no secrets, nothing about persons. */
const statusShape = z.strictObject({
  terminal: z.string().nullable(),
  enrolment: z.enum(ENROLMENT_STATES),
  fingerprint: z.string().nullable(),
  stock: countsByProduct,
  onTheWay: countsByProduct,
  /** Nothing asked is unanswered, and nothing waits to be asked. */
  outboxEmpty: z.boolean(),
  unsent: z.int(),
  inDoubt: z.int(),
  lastSequence: z.int(),
  catalogueVersion: z.int(),
  letterEpoch: z.int(),
  line: z.enum(LINE_STATUSES),
  /** `centre-time`: its clock was once ahead, and only an answer of the centre sets it right. */
  waitsFor: z.enum(['centre-time']).nullable(),
  printer: z.enum(PRINTER_STATUSES),
  card: z.enum(CARD_STATUSES),
})
export type TillStatus = Readonly<z.output<typeof statusShape>>

export const tillContract = contract({
  state: {
    method: 'GET',
    path: '/api/state',
    answer: stateShape,
    refusals: {},
    act: 'see-the-till',
    audit: null,
  },
  home: {
    method: 'GET',
    path: '/api/home',
    answer: homeShape,
    refusals: { 'signed-out': 401 },
    act: 'sell',
    audit: null,
  },
  status: {
    method: 'GET',
    path: '/api/status',
    answer: statusShape,
    refusals: {},
    act: 'see-the-till',
    audit: null,
  },
})
