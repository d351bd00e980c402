// What an ESC/POS printer understands of the bytes it is sent: enough to draw the paper.
// Command set: Epson "ESC/POS Command Reference" (names in comments are its names).

import CodepageEncoder from '@point-of-sale/codepage-encoder'

export interface PaperCell {
  readonly text: string
  readonly bold: boolean
  readonly inverse: boolean
  readonly width: number
  readonly height: number
}

export type PaperLine =
  | { readonly kind: 'text'; readonly align: Align; readonly cells: readonly PaperCell[] }
  | { readonly kind: 'qr'; readonly align: Align; readonly data: string; readonly moduleDots: number }

type Align = 'left' | 'centre' | 'right'

/** What happens while bytes come in, in order. */
export type PrinterEvent =
  | { readonly kind: 'line'; readonly line: PaperLine }
  | { readonly kind: 'cut'; readonly bytes: Buffer }
  /** DLE EOT n: answered at once, whatever waits to be printed. */
  | { readonly kind: 'real-time-status'; readonly n: number }
  /** GS r n: answered when everything before it has been printed. */
  | { readonly kind: 'status'; readonly n: number }

/** A ticket is far below this; more without a cut is somebody sending rubbish. */
const MAX_PAPER_BYTES = 1 << 20

const codepages: Record<number, Codepage> = { 0: 'cp437', 2: 'cp850', 16: 'windows1252', 19: 'cp858' }
type Codepage = Parameters<typeof CodepageEncoder.encode>[1]

/** The character of each byte, `?` where the code page has none. */
const tables = new Map<Codepage, readonly string[]>()

function decoder(codepage: Codepage): readonly string[] {
  const known = tables.get(codepage)
  if (known) return known
  const points = CodepageEncoder.getCodepoints(codepage, true)
  const table = Array.from({ length: 256 }, (_, byte) =>
    points[byte] ? String.fromCodePoint(points[byte]) : '?',
  )
  tables.set(codepage, table)
  return table
}

/** Reads bytes as they come, in pieces of any size, and says what each command does. */
export function escPosReader(emit: (event: PrinterEvent) => void) {
  let waiting: Buffer = Buffer.alloc(0)
  let paper: Buffer[] = []
  let paperBytes = 0
  let cells: PaperCell[] = []
  let style = { bold: false, inverse: false, width: 1, height: 1 }
  let align: Align = 'left'
  let codepage: Codepage = 'cp437'
  let qrData = ''
  let qrModuleDots = 3

  function reset() {
    style = { bold: false, inverse: false, width: 1, height: 1 }
    align = 'left'
    codepage = 'cp437'
  }

  function endLine() {
    emit({ kind: 'line', line: { kind: 'text', align, cells } })
    cells = []
  }

  function write(text: string) {
    const last = cells.at(-1)
    const same =
      last &&
      last.bold === style.bold &&
      last.inverse === style.inverse &&
      last.width === style.width &&
      last.height === style.height
    if (same) cells[cells.length - 1] = { ...last, text: last.text + text }
    else cells.push({ text, ...style })
  }

  /** Carries out one command at the start of `bytes`; returns its length, or 0 where more bytes are needed. */
  function command(bytes: Buffer): number {
    const [first, second, third] = bytes
    const need = (length: number) => (bytes.length >= length ? length : 0)
    if (first === 0x0a) {
      endLine()
      return 1
    }
    if (first === 0x10) {
      if (bytes.length < 2) return 0
      if (second !== 0x04) return 2
      if (bytes.length < 3) return 0
      emit({ kind: 'real-time-status', n: third! })
      return 3
    }
    if (first === 0x1b) return escapeSequence(bytes, need)
    if (first === 0x1c) return bytes.length < 2 ? 0 : second === 0x2e || second === 0x26 ? 2 : need(3)
    if (first === 0x1d) return group(bytes, need)
    if (first! >= 0x20) write(decoder(codepage)[first!]!)
    return 1
  }

  function escapeSequence(bytes: Buffer, need: (length: number) => number): number {
    if (bytes.length < 2) return 0
    const n = bytes[2]!
    switch (bytes[1]) {
      case 0x40: // ESC @  initialise
        reset()
        return 2
      case 0x32: // ESC 2  default line spacing
        return 2
      case 0x21: // ESC !  print modes
        if (bytes.length < 3) return 0
        style = { ...style, bold: (n & 8) > 0, height: n & 16 ? 2 : 1, width: n & 32 ? 2 : 1 }
        return 3
      case 0x45: // ESC E  emphasised
        if (bytes.length < 3) return 0
        style = { ...style, bold: (n & 1) > 0 }
        return 3
      case 0x61: // ESC a  justification
        if (bytes.length < 3) return 0
        align = n === 1 || n === 0x31 ? 'centre' : n === 2 || n === 0x32 ? 'right' : 'left'
        return 3
      case 0x74: // ESC t  code page
        if (bytes.length < 3) return 0
        codepage = codepages[n] ?? 'cp437'
        return 3
      case 0x64: // ESC d  print and feed n lines
        if (bytes.length < 3) return 0
        for (let i = 0; i < Math.max(1, n); i++) endLine()
        return 3
      default: // ESC M font, ESC - underline, ESC 3 spacing, ESC J feed, ESC R charset …: one operand, nothing drawn
        return need(3)
    }
  }

  function group(bytes: Buffer, need: (length: number) => number): number {
    if (bytes.length < 3) return 0
    const n = bytes[2]!
    switch (bytes[1]) {
      case 0x21: // GS !  character size
        style = { ...style, width: (n >> 4) + 1, height: (n & 7) + 1 }
        return 3
      case 0x42: // GS B  white on black
        style = { ...style, inverse: (n & 1) > 0 }
        return 3
      case 0x72: // GS r  transmit status
        emit({ kind: 'status', n })
        return 3
      case 0x56: {
        // GS V  cut; forms 65 and 66 carry a feed
        const length = need(n === 65 || n === 66 ? 4 : 3)
        if (length > 0) cut(bytes.subarray(0, length))
        return length
      }
      case 0x28: {
        // GS ( k  two-dimensional symbols: length in two bytes
        if (bytes.length < 5) return 0
        const length = need(5 + bytes.readUInt16LE(3))
        if (length > 0 && n === 0x6b) symbol(bytes.subarray(5, length))
        return length
      }
      case 0x4c: // GS L  left margin
      case 0x57: // GS W  width
        return need(4)
      default:
        return 3
    }
  }

  function symbol(body: Buffer) {
    const [cn, fn] = body
    if (cn !== 49) return
    if (fn === 67) qrModuleDots = body[2]!
    if (fn === 80) qrData = body.subarray(3).toString('latin1')
    if (fn === 81) emit({ kind: 'line', line: { kind: 'qr', align, data: qrData, moduleDots: qrModuleDots } })
  }

  function cut(command: Buffer) {
    if (cells.length > 0) endLine()
    emit({ kind: 'cut', bytes: Buffer.concat([...paper, command]) })
    paper = []
    paperBytes = 0
  }

  return {
    write(chunk: Buffer) {
      waiting = Buffer.concat([waiting, chunk])
      while (waiting.length > 0) {
        const before = paper
        const length = command(waiting)
        if (length === 0) break
        const isStatus = waiting[0] === 0x10 || (waiting[0] === 0x1d && waiting[1] === 0x72)
        if (before === paper && !isStatus) {
          paper.push(Buffer.from(waiting.subarray(0, length)))
          paperBytes += length
        }
        waiting = waiting.subarray(length)
        if (paperBytes > MAX_PAPER_BYTES) throw new RangeError('more than a mebibyte without a cut')
      }
    },
    /** What was received since the last cut. */
    unfinished(): Buffer {
      return Buffer.concat(paper)
    },
  }
}
