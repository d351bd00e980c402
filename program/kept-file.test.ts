// A file that is kept: written whole or not at all, and a damaged one is named with what to do.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { readKept, writeKept } from './kept-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

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
