import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { configPath, readConfig } from './config-file.ts'

const schema = z.object({ party: z.string(), listen: z.object({ port: z.number().int() }) })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'centre.json')
  writeFileSync(path, text)
  return path
}

test('settings that fit are returned', () => {
  expect(readConfig(file('{"party":"centre","listen":{"port":1}}'), schema).listen.port).toBe(1)
})

test('a wrong field is named with its file and rule', () => {
  expect(() => readConfig(file('{"party":"centre","listen":{"port":"x"}}'), schema)).toThrow(
    /centre\.json: listen\.port: .*number/,
  )
})

test('a missing file, bad JSON and a missing option are said in one line', () => {
  expect(() => readConfig(join(folder, 'none.json'), schema)).toThrow(/there is no such file/)
  expect(() => readConfig(file('{'), schema)).toThrow(/not JSON/)
  expect(() => configPath([])).toThrow('--config FILE')
})
