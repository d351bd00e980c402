// The cable to the receipt printer: a TCP connection that is kept open. ESC/POS (Epson's command reference):
// DLE EOT n is answered at once, GS r n once everything before it has been printed.

import { createConnection, type Socket } from 'node:net'
import type { PrinterStatus } from '../till/till-shapes.ts'

export interface PrinterLink {
  /** Asks the printer now. Never `printing`: the caller knows what it prints. */
  status(): Promise<Exclude<PrinterStatus, 'printing'>>
  /** What was last heard, without asking. */
  lastStatus(): Exclude<PrinterStatus, 'printing'>
  /**
   * Sends a ticket that asks `GS r 1` `marks` times, and zeroes it once the connection has taken it. `printed`: the
   * printer answered every mark, with paper left. `doubtful`: it did not, and nobody here knows how far it came.
   */
  print(ticket: Buffer, marks: number, onMark: (mark: number) => void): Promise<'printed' | 'doubtful'>
  close(): void
}

const DLE_EOT = [0x10, 0x04] as const
/** DLE EOT's answers have bits 1 and 4 set and bits 0 and 7 clear; those of GS r have bit 4 clear. */
const isRealTime = (byte: number) => (byte & 0x93) === 0x12
const COVER_OPEN = 0x04
const OFFLINE = 0x08
const PAPER_END_STOP = 0x20
const PAPER_END = 0x60
/** GS r 1: paper end. */
const MARK_PAPER_END = 0x0c

/** A printer answers a real-time request within milliseconds, also while it prints. */
const STATUS_WITHIN_MS = 1_500
/** From one mark to the next: the slowest line (a QR) takes half a second; a head that cools takes a few. */
const MARK_WITHIN_MS = 15_000
const RECONNECT_MS = 1_000

export function connectPrinter(address: { host: string; port: number }, onChange: () => void): PrinterLink {
  let socket: Socket | null = null
  let connected = false
  let closed = false
  let last: Exclude<PrinterStatus, 'printing'> = 'not-connected'
  let askedStatus: { bytes: number[]; done: (bytes: number[] | null) => void } | null = null
  let statusTurn: Promise<unknown> = Promise.resolve()
  let questions = 0
  let printing: { mark: (byte: number) => void; lost: () => void } | null = null

  function note(status: typeof last): typeof last {
    if (status !== last) {
      last = status
      onChange()
    }
    return status
  }

  function connect(): void {
    if (closed) return
    const next = createConnection({ ...address, noDelay: true, keepAlive: true })
    socket = next
    next.on('connect', () => {
      connected = true
      void status()
    })
    next.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        if (isRealTime(byte)) {
          askedStatus?.bytes.push(byte)
          if (askedStatus?.bytes.length === 3) askedStatus.done(askedStatus.bytes)
        } else printing?.mark(byte)
      }
    })
    next.on('error', () => next.destroy())
    next.on('close', () => {
      connected = false
      socket = null
      askedStatus?.done(null)
      printing?.lost()
      note('not-connected')
      if (!closed) setTimeout(connect, RECONNECT_MS)
    })
  }

  function status(): Promise<typeof last> {
    // One question at a time: the answers say not which they belong to. The first is sent in this very moment.
    const mine = questions === 0 ? askStatus() : statusTurn.then(askStatus)
    questions++
    statusTurn = mine.finally(() => questions--)
    return mine
  }

  async function askStatus(): Promise<typeof last> {
    if (!connected || socket === null) return note('not-connected')
    const bytes = await new Promise<number[] | null>((resolve) => {
      const timer = setTimeout(() => done(null), STATUS_WITHIN_MS)
      function done(answer: number[] | null) {
        clearTimeout(timer)
        askedStatus = null
        resolve(answer)
      }
      askedStatus = { bytes: [], done }
      socket!.write(Buffer.of(...DLE_EOT, 1, ...DLE_EOT, 2, ...DLE_EOT, 4))
    })
    if (bytes === null) {
      // Answers that come too late would be taken for those of the next question.
      socket?.destroy()
      return note('not-connected')
    }
    return note(judge(bytes))
  }

  connect()
  return {
    status,
    lastStatus: () => last,
    print(ticket, marks, onMark) {
      return new Promise((resolve) => {
        const used = socket
        if (!connected || used === null || printing !== null) {
          ticket.fill(0)
          resolve('doubtful')
          return
        }
        let heard = 0
        let timer = setTimeout(() => end('doubtful'), MARK_WITHIN_MS)
        function end(result: 'printed' | 'doubtful') {
          clearTimeout(timer)
          printing = null
          // Marks of a ticket given up must not count for the next one.
          if (result === 'doubtful') used!.destroy()
          resolve(result)
        }
        printing = {
          mark(byte) {
            if ((byte & MARK_PAPER_END) === MARK_PAPER_END) return end('doubtful')
            heard++
            if (heard === marks) return end('printed')
            clearTimeout(timer)
            timer = setTimeout(() => end('doubtful'), MARK_WITHIN_MS)
            onMark(heard)
          },
          lost: () => end('doubtful'),
        }
        used.write(ticket, () => ticket.fill(0))
      })
    },
    close() {
      closed = true
      socket?.destroy()
    },
  }
}

function judge([printer, offline, paper]: number[]): 'ready' | 'no-paper' | 'cover-open' | 'not-connected' {
  if (offline! & COVER_OPEN) return 'cover-open'
  if (offline! & PAPER_END_STOP || paper! & PAPER_END) return 'no-paper'
  return printer! & OFFLINE ? 'not-connected' : 'ready'
}
