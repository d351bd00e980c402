import { ConfigProblem, checkConfig } from '@scratchless/program/config-file'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { tokenNeedsInterop, tokenSettings } from './token-settings.ts'

const schema = z
  .strictObject({
    token: tokenSettings.optional(),
    partners: z.array(z.strictObject({ suite: z.string() })),
  })
  .superRefine(tokenNeedsInterop)
const check = (token: unknown, ...suites: string[]) =>
  checkConfig('atlas.json', { token, partners: suites.map((suite) => ({ suite })) }, schema)
const token = { library: '/usr/lib/softhsm/libsofthsm2.so', label: 'atlas' }

test('with keys in a token every partner speaks interop', () => {
  expect(check(token, 'interop', 'interop').token).toEqual(token)
  expect(check(undefined, 'modern', 'interop').token).toBeUndefined()
  expect(() => check(token, 'interop', 'modern')).toThrow(
    new ConfigProblem(
      'atlas.json: partners.1.suite: must be interop, because the vault’s keys lie in a token',
    ),
  )
  expect(() => check({ ...token, library: 'libsofthsm2.so' }, 'interop')).toThrow('token.library')
})
