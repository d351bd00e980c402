import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ConfigProblem, checkConfig, configPath, readConfig, readConfigFile } from './config-file.ts'

vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  return { ...real, readFileSync: vi.fn(real.readFileSync) as unknown as typeof real.readFileSync }
})

const schema = z.object({ party: z.string(), listen: z.object({ port: z.number().int() }) })
let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'config-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'centre.json')
  fs.writeFileSync(path, text)
  return path
}

function problemOf(act: () => unknown): ConfigProblem {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigProblem) return error
    throw error
  }
  throw new Error('there was no problem')
}

test('settings that fit are returned', () => {
  expect(readConfig(file('{"party":"centre","listen":{"port":1}}'), schema).listen.port).toBe(1)
})

test('a wrong field is named with its file and rule', () => {
  expect(() => readConfig(file('{"party":"centre","listen":{"port":"x"}}'), schema)).toThrow(
    /centre\.json: listen\.port: .*number/,
  )
})

test('every wrong field has a line of its own, one that is not there is called missing', () => {
  const { message, name } = problemOf(() => checkConfig('here', { listen: {} }, schema))
  expect(name).toBe('ConfigProblem')
  expect(message).toBe('here: party: missing; string expected\nhere: listen.port: missing; number expected')
  expect(problemOf(() => checkConfig('here', null, schema)).message).toMatch(
    /^here: \(the whole file\): Invalid input: expected object, received null$/,
  )
  const given = { party: 'a', listen: { port: undefined } }
  const other = z.object({ party: z.string(), listen: z.object({ port: z.literal(7) }) })
  expect(problemOf(() => checkConfig('here', given, other)).message).toBe(
    'here: listen.port: Invalid input: expected 7',
  )
})

test('a missing file, bad JSON and a missing option are said in one line', () => {
  expect(() => readConfig(join(folder, 'none.json'), schema)).toThrow(/there is no such file/)
  expect(() => readConfig(file('{'), schema)).toThrow(/not JSON/)
  expect(() => configPath([])).toThrow('--config FILE')
})

test.each([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'it may not be read'],
  ['EISDIR', 'it is a folder'],
  ['EIO', 'EIO'],
])('a file that cannot be read (%s): %s', (code, said) => {
  const cause = Object.assign(new Error('no'), { code })
  vi.mocked(fs.readFileSync).mockImplementationOnce(() => {
    throw cause
  })
  const problem = problemOf(() => readConfigFile('/settings.json'))
  expect(problem.message).toBe(`/settings.json: ${said}`)
  expect(problem.cause).toBe(cause)
})

test('what is no JSON says why, with its cause', () => {
  const problem = problemOf(() => readConfigFile(file('{"a"')))
  expect(problem.message).toMatch(/^.*centre\.json: not JSON, or cut off: .+ \(.+\)/)
  expect(problem.cause).toBeInstanceOf(SyntaxError)
  expect(readConfigFile(file('[1, "é"]'))).toEqual([1, 'é'])
})

test.each(['', '\n \t', '\0\0\0\0'])('a file that a power cut emptied is said to be so: %j', (content) => {
  const path = file(content)
  expect(problemOf(() => readConfigFile(path)).message).toBe(
    `${path}: it is empty, as a power cut can leave a file: restore it from a copy, or write it anew`,
  )
  expect(problemOf(() => readConfigFile(path, 'do this')).message).toMatch(/: do this$/)
})

test('the path of the settings stands after --config, whatever else is said', () => {
  expect(configPath(['--config', 'centre.json'])).toBe(resolve('centre.json'))
  expect(configPath(['--passphrase-fd', '3', '--config=/etc/centre.json', '--more'])).toBe('/etc/centre.json')
  for (const argv of [['--config'], ['--config='], ['centre.json']])
    expect(() => configPath(argv)).toThrow(new ConfigProblem('Say which settings to use: --config FILE'))
  const given = process.argv
  process.argv = ['node', 'main.ts', '--config', '/etc/own.json']
  try {
    expect(configPath()).toBe('/etc/own.json')
  } finally {
    process.argv = given
  }
})
