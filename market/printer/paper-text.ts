// The paper as text for a shell. Codes are masked: a line of large digits is a code, and no terminal scrolls it by.

import type { PaperLine } from './esc-pos.ts'

export const PAPER_COLUMNS = 32

/** One string per line of paper, at most 32 columns wide, codes as dots. */
export function paperText(lines: readonly PaperLine[]): string[] {
  return lines.map((line) => {
    if (line.kind === 'qr') return centred('[QR]')
    const text = line.cells.map(({ text }) => text).join('')
    const shown = isCode(line) ? text.trim().replace(/\d/g, '•') : text
    const padded = isLarge(line) ? centred(shown.trim()) : shown
    return line.align === 'centre' && !isLarge(line) ? centred(shown.trim()) : padded.trimEnd()
  })
}

/** Digits and spaces only, printed at double size or more: the code, and nothing else on a ticket. */
export function isCode(line: PaperLine): boolean {
  if (line.kind === 'qr') return false
  const inked = line.cells.filter(({ text }) => text.trim() !== '')
  return inked.length > 0 && inked.every(({ text, height }) => height >= 2 && /^[\d ]+$/.test(text))
}

function isLarge(line: PaperLine): boolean {
  return line.kind === 'text' && line.cells.some(({ text, width }) => width > 1 && text.trim() !== '')
}

function centred(text: string): string {
  return (' '.repeat(Math.max(0, Math.floor((PAPER_COLUMNS - text.length) / 2))) + text).trimEnd()
}
