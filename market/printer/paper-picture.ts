// The paper as a picture (SVG): what the customer holds, code and QR included. 384 dots wide, one unit a dot.

import QRCode from 'qrcode'
import type { PaperLine } from './esc-pos.ts'
import { PAPER_COLUMNS } from './paper-text.ts'

const DOTS = 384
const CELL = DOTS / PAPER_COLUMNS
const LINE = 30
const MARGIN = 28

/** A whole SVG document of one ticket. */
export function paperPicture(lines: readonly PaperLine[]): string {
  const parts: string[] = []
  let y = MARGIN
  for (const line of trimBlankEnds(lines)) {
    if (line.kind === 'qr') {
      const { svg, size } = qrPath(line.data, line.moduleDots)
      parts.push(`<path transform="translate(${left(line.align, size)} ${y})" d="${svg}"/>`)
      y += size + 8
      continue
    }
    const height = LINE * Math.max(1, ...line.cells.map((cell) => cell.height))
    const width = line.cells.reduce((sum, cell) => sum + cell.text.length * CELL * cell.width, 0)
    let x = left(line.align, width)
    for (const cell of line.cells) {
      const run = cell.text.length * CELL * cell.width
      if (cell.text.trim() !== '' || cell.inverse) parts.push(text(cell, x, y, run, height))
      x += run
    }
    y += height
  }
  const bottom = y + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${DOTS + 2 * MARGIN} ${bottom}" width="${DOTS + 2 * MARGIN}" height="${bottom}">`,
    `<path d="${tornEdges(bottom)}" fill="#fff" stroke="#C2CCC7"/>`,
    `<g transform="translate(${MARGIN} 0)" fill="#13201B" font-family="'IBM Plex Mono','DejaVu Sans Mono',monospace">`,
    ...parts,
    '</g></svg>\n',
  ].join('\n')
}

function text(
  cell: { text: string; bold: boolean; inverse: boolean; width: number; height: number },
  x: number,
  y: number,
  run: number,
  height: number,
): string {
  const size = 20 * cell.height
  const baseline = y + height - 8 * cell.height
  const ground = cell.inverse ? `<rect x="${x}" y="${y + 2}" width="${run}" height="${height - 4}"/>` : ''
  const weight = cell.bold ? ' font-weight="700"' : ''
  const ink = cell.inverse ? ' fill="#fff"' : ''
  return `${ground}<text x="${x}" y="${baseline}" font-size="${size}"${weight}${ink} textLength="${run}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escapeXml(cell.text)}</text>`
}

function qrPath(data: string, moduleDots: number): { svg: string; size: number } {
  const { modules } = QRCode.create(data, { errorCorrectionLevel: 'L' })
  let svg = ''
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      if (modules.get(row, column))
        svg += `M${column * moduleDots} ${row * moduleDots}h${moduleDots}v${moduleDots}h-${moduleDots}z`
    }
  }
  return { svg, size: modules.size * moduleDots }
}

function tornEdges(bottom: number): string {
  const width = DOTS + 2 * MARGIN
  const teeth = Array.from({ length: width / 8 }, (_, i) => i * 8)
  const top = teeth.map((x) => `L${x + 4} 6L${x + 8} 1`).join('')
  const foot = teeth
    .toReversed()
    .map((x) => `L${x + 4} ${bottom - 6}L${x} ${bottom - 1}`)
    .join('')
  return `M0 1${top}L${width} ${bottom - 1}${foot}Z`
}

function left(align: 'left' | 'centre' | 'right', width: number): number {
  if (align === 'left') return 0
  return align === 'centre' ? (DOTS - width) / 2 : DOTS - width
}

function trimBlankEnds(lines: readonly PaperLine[]): readonly PaperLine[] {
  const inked = (line: PaperLine) => line.kind === 'qr' || line.cells.some(({ text }) => text.trim() !== '')
  const first = lines.findIndex(inked)
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex(inked) + 1)
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
