// What a power cut leaves: each step of a durable write, in its order, on a real file system.

import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeDurably } from './durable-file.ts'

vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  const watched = ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync', 'fchownSync', 'fstatSync']
  return {
    ...real,
    ...Object.fromEntries(
      watched.map((name) => [name, vi.fn(real[name as keyof typeof real] as () => void)]),
    ),
  }
})

let folder: string
let path: string
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'durable-'))
  path = join(folder, 'kept')
  vi.clearAllMocks()
})
afterEach(() => {
  vi.restoreAllMocks()
  fs.rmSync(folder, { recursive: true })
})

/** The steps taken so far, each open file by the name it was opened with. */
function steps(): string[] {
  const names = new Map<number, string>()
  const taken: { order: number; step: string }[] = []
  const note = (
    mock: { mock: { calls: unknown[][]; invocationCallOrder: number[] } },
    say: (call: unknown[]) => string,
  ) =>
    mock.mock.calls.forEach((call, at) => {
      taken.push({ order: mock.mock.invocationCallOrder[at]!, step: say(call) })
    })
  vi.mocked(fs.openSync).mock.calls.forEach(([name], at) => {
    const result = vi.mocked(fs.openSync).mock.results[at]!
    if (result.type === 'return') names.set(result.value as number, String(name).replace(folder, ''))
  })
  const named = (call: unknown[]) => `'${names.get(call[0] as number) ?? '?'}'`
  note(vi.mocked(fs.openSync), ([name]) => `open '${String(name).replace(folder, '')}'`)
  note(vi.mocked(fs.writeSync) as never, (call) => `write ${named(call)}`)
  note(vi.mocked(fs.fsyncSync), (call) => `sync ${named(call)}`)
  note(vi.mocked(fs.closeSync), (call) => `close ${named(call)}`)
  note(
    vi.mocked(fs.renameSync),
    ([from, to]) => `rename '${String(from).replace(folder, '')}' '${String(to).replace(folder, '')}'`,
  )
  return taken.sort((a, b) => a.order - b.order).map(({ step }) => step)
}

test('the content is synced before it has its name, and the name before the write is done', () => {
  writeDurably(path, 'content')
  expect(steps()).toEqual([
    "open ''",
    "open '/kept.new'",
    "write '/kept.new'",
    "sync '/kept.new'",
    "close '/kept.new'",
    "rename '/kept.new' '/kept'",
    "sync ''",
    "close ''",
  ])
  expect(fs.readFileSync(path, 'utf8')).toBe('content')
  expect(fs.statSync(path).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(folder)).toEqual(['kept'])
})

test('bytes and text are written whole, in place of what was there, of any length', () => {
  writeDurably(path, 'a much longer content than the next')
  writeDurably(path, Buffer.from([0, 255, 1]))
  expect(fs.readFileSync(path)).toEqual(Buffer.from([0, 255, 1]))
  writeDurably(path, '')
  expect(fs.readFileSync(path, 'utf8')).toBe('')
})

test('a system that takes a few bytes at a time gets all of them', async () => {
  const real = await vi.importActual<typeof fs>('node:fs')
  vi.mocked(fs.writeSync).mockImplementation(((file: number, bytes: Uint8Array, at: number) =>
    real.writeSync(file, bytes, at, Math.min(3, bytes.length - at))) as never)
  writeDurably(path, 'ten bytes!')
  expect(fs.readFileSync(path, 'utf8')).toBe('ten bytes!')
  expect(steps().filter((step) => step.startsWith('write'))).toHaveLength(4)
})

test('a leftover of a write that was cut is written over', () => {
  fs.writeFileSync(`${path}.new`, 'half of something that was much longer')
  writeDurably(path, 'whole')
  expect(fs.readFileSync(path, 'utf8')).toBe('whole')
})

test.each([
  ['writing', () => vi.mocked(fs.writeSync)],
  ['syncing', () => vi.mocked(fs.fsyncSync)],
] as const)('where %s fails, the old content stays and nothing is left open', (_what, step) => {
  writeDurably(path, 'old')
  vi.clearAllMocks()
  step().mockImplementationOnce(() => {
    throw new Error('ENOSPC')
  })
  expect(() => writeDurably(path, 'new')).toThrow('ENOSPC')
  expect(fs.readFileSync(path, 'utf8')).toBe('old')
  expect(fs.renameSync).not.toHaveBeenCalled()
  expect(steps().slice(-2)).toEqual(["close '/kept.new'", "close ''"])
})

test('where the file cannot be made, the folder is closed again', () => {
  fs.mkdirSync(`${path}.new`)
  expect(() => writeDurably(path, 'content')).toThrow('EISDIR')
  expect(steps()).toEqual(["open ''", "open '/kept.new'", "close ''"])
})

test('nothing is written through a link', () => {
  const victim = join(folder, 'victim')
  fs.writeFileSync(victim, 'mine')
  fs.symlinkSync(victim, `${path}.new`)
  expect(() => writeDurably(path, 'yours')).toThrow('ELOOP')
  expect(fs.readFileSync(victim, 'utf8')).toBe('mine')
})

test("what root writes in another account's folder is that account's, and only root gives away", () => {
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(0)
  vi.mocked(fs.fstatSync).mockReturnValue({ uid: 4_711, gid: 4_712 } as never)
  vi.mocked(fs.fchownSync).mockImplementation(() => undefined)
  writeDurably(path, 'content')
  const file = vi.mocked(fs.openSync).mock.results[1]!.value
  expect(fs.fstatSync).toHaveBeenCalledExactlyOnceWith(vi.mocked(fs.openSync).mock.results[0]!.value)
  expect(fs.fchownSync).toHaveBeenCalledExactlyOnceWith(file, 4_711, 4_712)
  getuid.mockReturnValue(1_000)
  writeDurably(path, 'content')
  expect(fs.fchownSync).toHaveBeenCalledTimes(1)
})
