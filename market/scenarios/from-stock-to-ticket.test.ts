// The first thing that must be true: one command, and soon after a ticket with a code that nobody could read before.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runMarket } from './run-market.ts'

const MINUTE_MS = 60_000
let folder: string
const data = () => path.join(folder, 'data')

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'market-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Result {
  readonly ok: boolean
  readonly problem?: string
  readonly problems?: readonly { line: number; field: string; rule: string }[]
  readonly ticket: {
    product: string
    serial: string
    number: number
    vendor: string
    files: { picture: string; bytes: string }
  }
  readonly timings: { firstTicketMs: number }
}

async function once(...options: string[]): Promise<{ code: number | null; result: Result; said: string }> {
  const market = runMarket('--once', '--json', '--data', data(), ...options)
  const code = await market.ended
  return {
    code,
    result: market.result() as unknown as Result,
    said: market.output.stdout + market.output.stderr,
  }
}

/** The digits printed large on the picture: the paper alone has them. */
function codeOn(picture: string): string {
  const large = [...fs.readFileSync(picture, 'utf8').matchAll(/font-size="(?:40|60)"[^>]*>([\d ]+)</g)]
  return large.map(([, digits]) => digits!.replaceAll(' ', '')).join('')
}

function everyFileBelow(dir: string): string[] {
  return fs
    .readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

test('the first start prints a ticket whose code stands on paper and nowhere else', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  const { code, result, said } = await once()
  expect(result.problem).toBeUndefined()
  expect(code).toBe(0)
  expect(result.ok).toBe(true)
  expect(result.ticket.number).toBe(1)
  expect(result.ticket.vendor).toBe('02')
  const digits = codeOn(result.ticket.files.picture)
  expect(digits).toMatch(/^\d{14}$/)
  expect(
    fs
      .readFileSync(result.ticket.files.bytes)
      .includes(result.ticket.serial.replace(/(\d{4})(?=\d)/g, '$1 ')) ||
      fs.readFileSync(result.ticket.files.bytes).includes(result.ticket.serial),
  ).toBe(true)
  expect(said).not.toContain(digits)
  const leaks = everyFileBelow(data())
    .filter((file) => !file.includes(`${path.sep}tickets${path.sep}`))
    .filter((file) => fs.readFileSync(file).includes(digits))
  expect(leaks).toEqual([])
})

test('a stock file is the only stock of the products it names, and is sold from', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  const file = path.join(folder, 'stock.csv.gz')
  const rows = Array.from(
    { length: 2_500 },
    (_, i) => `${String(990_000_000_000 + i)};${String(10_000_000_000_000 + i * 7919)};ATLAS-10;2030-01-31`,
  )
  fs.writeFileSync(file, gzipSync(`\uFEFFserial;code;product;expires\r\n${rows.join('\r\n')}\r\n`))
  const { code, result } = await once('--stock', file, '--sell', '2')
  expect(result.problem).toBeUndefined()
  expect(code).toBe(0)
  expect(result.ticket.product).toBe('ATLAS-10')
  // The same file again is recognised, and the day goes on.
  const again = await once('--stock', file)
  expect(again.result.problem).toBeUndefined()
  expect(again.code).toBe(0)
})

test('a bad stock file is refused whole, by line, field and rule', { timeout: 3 * MINUTE_MS }, async () => {
  const file = path.join(folder, 'bad.csv')
  fs.writeFileSync(
    file,
    'serial,code,product,expires\n000000000001,1234,ATLAS-5,2030-01-31\n000000000002,99999999999999,ATLAS-7,2030-01-31\n',
  )
  const { code, result, said } = await once('--stock', file)
  expect(code).toBe(1)
  expect(result.problems).toEqual([
    { line: 2, field: 'code', rule: 'wrong-length' },
    { line: 3, field: 'product', rule: 'unknown-product' },
  ])
  expect(said).not.toContain('99999999999999')
})

test('it stays up until Ctrl-C, says so to a second one, and is gone within five seconds', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  const market = runMarket('--data', data())
  await market.says('The market is open')
  // What a terminal of another maker needs; nothing of it is a secret.
  for (const what of [
    'supply       https://127.0.0.1:',
    'frames       127.0.0.1:',
    'authority    /',
    'pin          ',
  ])
    await market.says(`
  ${what}`)
  const second = runMarket('--once', '--json', '--data', data())
  expect(await second.ended).toBe(1)
  expect((second.result() as unknown as Result).problem).toMatch(/runs on .* already/)

  const programs = everyProgramOf(data())
  expect(programs.length).toBeGreaterThanOrEqual(4)
  const began = performance.now()
  market.process.kill('SIGINT')
  await market.ended
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(everyProgramOf(data())).toEqual([])
})

/** Every process of this machine that was started on this data folder, by its command line. */
function everyProgramOf(dir: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(dir) && !line.includes('start.ts') ? [line] : []
      } catch {
        return [] // it ended while we looked
      }
    })
}
