import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import Encoder from '@point-of-sale/receipt-printer-encoder'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type PrintedPaper, startPrinter } from './printer.ts'

const place = { host: '127.0.0.1', port: 0 }

let trayDir: string
let papers: PrintedPaper[]
let printer: Awaited<ReturnType<typeof startPrinter>>

beforeEach(async () => {
  trayDir = fs.mkdtempSync(path.join(os.tmpdir(), 'tray-'))
  papers = []
  printer = await startPrinter({ ...place, trayDir, linesPerSecond: null }, (paper) => papers.push(paper))
})
afterEach(async () => {
  await printer.stop()
  fs.rmSync(trayDir, { recursive: true })
})

function ticket(): Buffer {
  const encoder = new Encoder({ language: 'esc-pos', columns: 32 })
  const bytes = encoder
    .initialize()
    .codepage('cp858')
    .line('Crédit net 4,700')
    .size(2, 2)
    .line('4071 5593')
    .size(1, 1)
    .line('N/S 000123456789')
    .cut()
    .encode()
  return Buffer.from(bytes)
}

async function connect(): Promise<net.Socket> {
  const socket = net.connect(printer.port, '127.0.0.1')
  await new Promise((connected) => socket.once('connect', connected))
  return socket
}

function answer(socket: net.Socket): Promise<Buffer> {
  return new Promise((got) => socket.once('data', got))
}

test('a ticket lies in the tray with its code on paper and masked in text', async () => {
  const socket = await connect()
  // Byte by byte: a slow line cuts commands anywhere.
  for (const byte of ticket()) socket.write(Buffer.of(byte))
  socket.write(Buffer.of(0x1d, 0x72, 1))
  expect(await answer(socket)).toEqual(Buffer.of(0))
  await expect.poll(() => papers.length).toBe(1)
  const [paper] = papers
  expect(paper!.serial).toBe('000123456789')
  expect(paper!.torn).toBe(false)
  expect(paper!.text.join('\n')).toContain('Crédit net 4,700')
  expect(paper!.text.join('\n')).toContain('•••• ••••')
  expect(paper!.text.join('\n')).not.toContain('4071')
  expect(fs.readFileSync(paper!.files.picture, 'utf8')).toContain('4071 5593')
  expect(fs.readFileSync(paper!.files.bytes)).toEqual(ticket().subarray(0, -2)) // the line feed after the cut is the next paper
  socket.destroy()
})

test('a cable pulled half way leaves torn paper', async () => {
  const socket = await connect()
  socket.end(ticket().subarray(0, -10))
  await expect.poll(() => papers.length).toBe(1)
  expect(papers[0]!.torn).toBe(true)
})

test('status tells of missing paper', async () => {
  const socket = await connect()
  socket.write(Buffer.of(0x10, 0x04, 4))
  expect(await answer(socket)).toEqual(Buffer.of(0x12))
  printer.setFault('no-paper')
  socket.write(Buffer.of(0x10, 0x04, 4))
  expect(await answer(socket)).toEqual(Buffer.of(0x72))
  socket.destroy()
})

test('a picture that was not drawn before the power went is drawn at the next start', async () => {
  const socket = await connect()
  socket.write(ticket())
  await expect.poll(() => papers.length).toBe(1)
  socket.destroy()
  await printer.stop()
  const { picture, bytes } = papers[0]!.files
  const drawn = fs.readFileSync(picture, 'utf8')
  fs.rmSync(picture)
  fs.rmSync(bytes)
  printer = await startPrinter({ ...place, trayDir, linesPerSecond: null }, (paper) => papers.push(paper))
  await expect.poll(() => fs.existsSync(picture)).toBe(true)
  await expect.poll(() => fs.readFileSync(picture, 'utf8')).toBe(drawn)
})

test('it listens to this machine alone: what comes is in the clear', async () => {
  const elsewhere = startPrinter({ ...place, host: '0.0.0.0', trayDir, linesPerSecond: null }, () => {})
  await expect(elsewhere).rejects.toThrow('the printer: without TLS it listens on 127.0.0.1')
})
