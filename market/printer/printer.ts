// The emulated receipt printer: a process of its own, at the end of a socket as a real one is at the end of a cable.
// It prints at its pace (or unpaced), answers status requests, and lays each finished ticket into its tray:
// the bytes as received and the picture of the paper, which alone shows the code. To the shell goes masked text.

import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '@scratchless/program/http/listen'
import { assertOnlyHere } from '@scratchless/program/http/listener'
import { escPosReader, type PaperLine, type PrinterEvent } from './esc-pos.ts'
import { paperPicture } from './paper-picture.ts'
import { loadRoll } from './paper-roll.ts'
import { paperText } from './paper-text.ts'

export interface PrinterOptions {
  /** A ticket comes in the clear, as it does through a cable: from this machine alone. */
  readonly host: string
  readonly port: number
  /** Folder of finished and torn tickets. */
  readonly trayDir: string
  /** Null prints as fast as bytes come. */
  readonly linesPerSecond: number | null
}

/** What the tray holds of one ticket. */
export interface PrintedPaper {
  readonly number: number
  /** The serial as printed, where one was found on the paper. */
  readonly serial: string | null
  readonly torn: boolean
  readonly files: { readonly picture: string; readonly bytes: string }
  readonly text: readonly string[]
}

/** Without a ticket for so long the mechanism rests, and there is time to draw. */
const REST_MS = 50

export type PrinterFault = 'none' | 'no-paper' | 'cover-open'

/** Resolves when it listens. Throws a ConfigProblem or a ListenProblem where it may not or cannot. */
export async function startPrinter(options: PrinterOptions, onPaper: (paper: PrintedPaper) => void) {
  assertOnlyHere('the printer', options.host)
  fs.mkdirSync(options.trayDir, { recursive: true })
  const roll = loadRoll(options.trayDir)
  let fault: PrinterFault = 'none'
  // A printer that lost its power before it had filled the tray fills it now.
  const inTray = new Set(
    fs
      .readdirSync(options.trayDir)
      .filter((name) => name.endsWith('.escpos'))
      .map((name) => Number(name.slice(0, 6))),
  )
  for (const { number, bytes, torn } of roll.found) {
    if (!inTray.has(number)) await draw(options.trayDir, number, bytes, linesOf(bytes), torn)
  }
  const undrawn: (() => Promise<PrintedPaper>)[] = []
  let drawing: Promise<void> = Promise.resolve()
  let rest: NodeJS.Timeout | undefined
  const sockets = new Set<net.Socket>()

  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    let lines: PaperLine[] = []
    // Commands that print wait here for the mechanism; real-time status requests pass them by.
    const queue: PrinterEvent[] = []
    let moving = false
    const reader = escPosReader((event) => {
      if (event.kind === 'real-time-status') socket.write(realTimeStatus(event.n, fault))
      else queue.push(event)
    })

    async function move() {
      if (moving) return
      moving = true
      // Answers that are due together travel together.
      socket.cork()
      for (let event = queue.shift(); event; event = queue.shift()) {
        if (event.kind === 'line') {
          if (options.linesPerSecond !== null) {
            socket.uncork()
            await sleep(1000 / options.linesPerSecond)
            socket.cork()
          }
          lines.push(event.line)
        } else if (event.kind === 'status') socket.write(Buffer.of(fault === 'no-paper' ? 0x0c : 0x00))
        else if (event.kind === 'cut') {
          lay(lines, event.bytes, false)
          lines = []
        }
      }
      moving = false
      socket.uncork()
    }

    socket.on('data', (chunk) => {
      socket.cork()
      try {
        reader.write(chunk)
        socket.uncork()
      } catch (error) {
        socket.destroy(error as Error)
        return
      }
      void move()
    })
    // A peer that is killed resets the connection: for the printer that is the same as a pulled cable.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      if (lines.some((line) => line.kind === 'qr' || line.cells.length > 0))
        lay(lines, reader.unfinished(), true)
      lines = []
    })
  })

  // The bytes are on the roll when the printer says so; the tray is filled when the mechanism rests.
  function lay(lines: readonly PaperLine[], bytes: Buffer, torn: boolean) {
    const number = roll.add(bytes, torn)
    undrawn.push(() => draw(options.trayDir, number, bytes, lines, torn))
    drawAtRest()
  }

  function drawAtRest() {
    clearTimeout(rest)
    rest = setTimeout(drawAll, REST_MS)
  }

  function drawAll() {
    clearTimeout(rest)
    drawing = drawing.then(async () => {
      for (let next = undrawn.shift(); next; next = undrawn.shift()) onPaper(await next())
    })
  }

  await listen(server, 'the printer', options)
  return {
    port: (server.address() as net.AddressInfo).port,
    setFault(next: PrinterFault) {
      fault = next
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
      drawAll()
      await drawing
    },
  }
}

/** DLE EOT n (bits 1 and 4 are always set): 1 printer, 2 cause of offline, 3 error, 4 paper sensor. */
function realTimeStatus(n: number, fault: PrinterFault): Buffer {
  let status = 0x12
  if (n === 1 && fault !== 'none') status |= 0x08
  if (n === 2 && fault === 'cover-open') status |= 0x04
  if (n === 2 && fault === 'no-paper') status |= 0x20
  if (n === 4 && fault === 'no-paper') status |= 0x60
  return Buffer.of(status)
}

/** The serial on the paper: twelve digits in one piece or in groups of four. */
export function serialOn(text: readonly string[]): string | null {
  for (const line of text) {
    const match = /(?<!\d)(\d{4}) ?(\d{4}) ?(\d{4})(?!\d)/.exec(line)
    if (match) return match.slice(1).join('')
  }
  return null
}

/** Both files of a ticket: what was received, and the picture of the paper. */
async function draw(
  trayDir: string,
  number: number,
  bytes: Buffer,
  lines: readonly PaperLine[],
  torn: boolean,
): Promise<PrintedPaper> {
  const text = paperText(lines)
  const serial = serialOn(text)
  const ticket = ticketNumberOn(text)
  const name = [
    String(number).padStart(6, '0'),
    `No${ticket ?? ''}`,
    serial ?? 'no-serial',
    ...(torn ? ['torn'] : []),
  ].join('-')
  const files = { picture: path.join(trayDir, `${name}.svg`), bytes: path.join(trayDir, `${name}.escpos`) }
  await fs.promises.writeFile(files.picture, paperPicture(lines))
  // Under its name it is whole: the tray is filled anew from the roll where the power fails before.
  await fs.promises.writeFile(`${files.bytes}.part`, bytes)
  await fs.promises.rename(`${files.bytes}.part`, files.bytes)
  return { number, serial, torn, files, text }
}

function linesOf(bytes: Buffer): PaperLine[] {
  const lines: PaperLine[] = []
  escPosReader((event) => event.kind === 'line' && lines.push(event.line)).write(bytes)
  return lines
}

/** The ticket's number as the terminal printed it: seven digits after `No`. */
function ticketNumberOn(text: readonly string[]): string | null {
  for (const line of text) {
    const match = /\bNo ?(\d{7})\b/.exec(line)
    if (match) return match[1]!
  }
  return null
}
