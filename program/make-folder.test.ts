import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeFolder } from './make-folder.ts'

vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  return { ...real, mkdirSync: vi.fn(real.mkdirSync) as unknown as typeof real.mkdirSync }
})

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'make-'))
  vi.clearAllMocks()
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const fault = (code: string) => Object.assign(new Error(code), { code })

test('a folder is made with those above it, and may be there already', () => {
  const path = join(folder, 'a', 'b')
  makeFolder(path, 0o700)
  makeFolder(path, 0o700)
  expect(fs.statSync(path).mode & 0o777).toBe(0o700)
  expect(fs.statSync(join(folder, 'a')).mode & 0o777).toBe(0o700)
})

test('where it cannot be made, the fault is that of the step that failed', () => {
  const make = vi.mocked(fs.mkdirSync)
  // What Node says of a disk that is read-only: no such file, of a path whose first step it could not take.
  make.mockImplementationOnce(() => {
    throw fault('ENOENT')
  })
  make.mockImplementationOnce(() => {
    throw fault('EROFS')
  })
  expect(() => makeFolder(join(folder, 'a', 'b', 'c'), 0o700)).toThrow('EROFS')
  expect(make.mock.calls[1]).toEqual([join(folder, 'a'), { mode: 0o700 }])
})

test('where that step goes after all, the rest is made too', () => {
  vi.mocked(fs.mkdirSync).mockImplementationOnce(() => {
    throw fault('ENOENT')
  })
  makeFolder(join(folder, 'a', 'b'), 0o700)
  expect(fs.statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700)
})

test('any other fault is said as it is', () => {
  vi.mocked(fs.mkdirSync).mockImplementationOnce(() => {
    throw fault('EACCES')
  })
  expect(() => makeFolder(join(folder, 'a'), 0o700)).toThrow('EACCES')
  expect(fs.mkdirSync).toHaveBeenCalledTimes(1)
})
