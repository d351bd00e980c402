import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakePrinter, startFakePrinter } from '../../testing/fake-printer.ts'
import { connectPrinter, type PrinterLink } from './printer-link.ts'

let printer: FakePrinter
let link: PrinterLink
beforeEach(async () => {
  printer = await startFakePrinter()
  link = connectPrinter({ host: '127.0.0.1', port: printer.port }, () => undefined)
  while (link.lastStatus() !== 'ready') await sleep(5)
})
afterEach(async () => {
  link.close()
  await printer.close()
})

/** Two lines, the printer asked after each. */
const ticket = () => Buffer.from('4071 5593\n\x1dr\x01N/S 000123456789\n\x1dr\x01', 'latin1')

test('a ticket is printed once every mark is answered, and its bytes are zeroed', async () => {
  const bytes = ticket()
  const marks: number[] = []
  expect(await link.print(bytes, 2, (mark) => marks.push(mark))).toBe('printed')
  expect(marks).toEqual([1])
  expect(bytes.every((byte) => byte === 0)).toBe(true)
  expect(printer.received().toString('latin1')).toBe('4071 5593\nN/S 000123456789\n')
})

test('pulled in the middle it is doubtful, its bytes zeroed all the same', async () => {
  printer.failAfter(4, 'cut')
  const bytes = ticket()
  expect(await link.print(bytes, 2, () => undefined)).toBe('doubtful')
  expect(bytes.every((byte) => byte === 0)).toBe(true)
})

test('without a printer nothing is sent, and what was to be printed is zeroed', async () => {
  await printer.close()
  while (link.lastStatus() !== 'not-connected') await sleep(5)
  const bytes = ticket()
  expect(await link.print(bytes, 2, () => undefined)).toBe('doubtful')
  expect(bytes.every((byte) => byte === 0)).toBe(true)
  expect(await link.status()).toBe('not-connected')
})

test('questions that come together are answered each for itself', async () => {
  printer.setFault('cover-open')
  expect(await Promise.all([link.status(), link.status(), link.status()])).toEqual([
    'cover-open',
    'cover-open',
    'cover-open',
  ])
  printer.setFault('no-paper')
  expect(await link.status()).toBe('no-paper')
})
