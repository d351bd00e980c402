import type * as fs from 'node:fs'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { writeDurably } from './durable-file.ts'
import { readKept, writeKept } from './kept-file.ts'

const calls = vi.hoisted(() => [] as string[])
const names = vi.hoisted(() => new Map<number, string>())
vi.mock('node:fs', async (original) => {
  const real = (await original()) as typeof fs
  return {
    ...real,
    openSync(path: string, ...rest: [never]) {
      const descriptor = real.openSync(path, ...rest)
      names.set(descriptor, path.split('/').at(-1)!)
      return descriptor
    },
    writeSync(descriptor: number, ...rest: [never]) {
      calls.push(`write ${names.get(descriptor)}`)
      return real.writeSync(descriptor, ...rest)
    },
    fsyncSync(descriptor: number) {
      calls.push(`fsync ${names.get(descriptor)}`)
      real.fsyncSync(descriptor)
    },
    renameSync(from: string, to: string) {
      calls.push(`rename ${from.split('/').at(-1)} ${to.split('/').at(-1)}`)
      real.renameSync(from, to)
    },
  }
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durable-'))
  calls.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the content is on the disk before the name is, and the name before it is said', () => {
  writeDurably(join(folder, 'a.json'), 'new')
  const own = folder.split('/').at(-1)
  expect(calls).toEqual(['write a.json.new', 'fsync a.json.new', 'rename a.json.new a.json', `fsync ${own}`])
  expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('new')
  expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600)
})

test('where the new content cannot be written, the old stays whole', () => {
  const file = join(folder, 'a.json')
  writeKept(file, { a: 1 })
  mkdirSync(`${file}.new`)
  expect(() => writeKept(file, { a: 2 })).toThrow()
  expect(readKept(file, z.object({ a: z.number() }), 'x')).toEqual({ a: 1 })
})

test.each([
  ['', 'it is empty, as a power cut can leave a file'],
  ['\0\0\0\0', 'it is empty, as a power cut can leave a file'],
  ['\n', 'it is empty, as a power cut can leave a file'],
  ['{"a":', 'not JSON, or cut off'],
  ['{}', 'a: missing'],
  ['null', '(the whole file)'],
])('a kept file that holds %j is named, with what is wrong and what to do', (content, wrong) => {
  const file = join(folder, 'a.json')
  writeFileSync(file, content)
  const read = () => readKept(file, z.strictObject({ a: z.number() }), 'restore it from a copy')
  expect(read).toThrow(`${file}: ${wrong}`)
  expect(read).toThrow('restore it from a copy')
  expect(existsSync(file)).toBe(true)
})

test('one that is not there is none', () => {
  expect(readKept(join(folder, 'none.json'), z.string(), 'x')).toBeNull()
})
