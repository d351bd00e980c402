import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkConfig } from '../config-file.ts'
import { addressOf, assertOnlyHere, listener, namesOf, protectedListener } from './listener.ts'

const settings = z.strictObject({ staffHttp: listener })
const read = (staffHttp: unknown) => checkConfig('office.json', { staffHttp }, settings).staffHttp
const tls = { certificate: 'a.pem', key: 'a.key' }

test('without a word about it, it listens on this machine alone', () => {
  expect(read({ port: 4001 })).toEqual({ host: '127.0.0.1', port: 4001 })
})

test.each(['127.0.0.1', '127.0.0.2', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'])(
  'only this machine reaches %s, so it may go without TLS',
  (host) => {
    expect(read({ host, port: 1 }).host).toBe(host)
    expect(() => assertOnlyHere('printer', host)).not.toThrow()
  },
)

test.each(['126.255.255.255', '128.0.0.1', '10.0.0.7', '::2', 'fe80::1', '2001:db8::1'])(
  'others reach %s, so it needs TLS, and the setting is named',
  (host) => {
    expect(() => read({ host, port: 1 })).toThrow(
      `office.json: staffHttp.tls: missing; ${host} is reached from other machines`,
    )
    expect(read({ host, port: 1, tls }).tls).toEqual(tls)
    expect(() => assertOnlyHere('printer', host)).toThrow(/^printer: without TLS/)
  },
)

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])('%s is everywhere: TLS, and a name', (host) => {
  expect(() => read({ host, port: 1, name: 'stock.example' })).toThrow('staffHttp.tls: missing')
  expect(() => read({ host, port: 1, tls })).toThrow(/^office\.json: staffHttp\.name: missing/)
  expect(addressOf(read({ host, port: 1, tls, name: 'stock.example' }))).toBe('https://stock.example:1')
})

test.each([
  [{ host: 'localhost', port: 1 }, 'staffHttp.host: an address of this machine in figures'],
  [{ host: '', port: 1 }, 'staffHttp.host'],
  [{ port: 0 }, 'staffHttp.port'],
  [{ port: 65_536 }, 'staffHttp.port'],
  [{ port: 1, tls: { certificate: 'a.pem' } }, 'staffHttp.tls.key: missing'],
  [{ port: 1, tls: { key: 'a.key' } }, 'staffHttp.tls.certificate: missing'],
  [{ port: 1, name: 'no name' }, 'staffHttp.name'],
])('%j is refused by its field', (given, field) => {
  expect(() => read(given)).toThrow(`office.json: ${field}`)
})

test('what protects itself listens anywhere', () => {
  expect(protectedListener.parse({ port: 1 })).toEqual({ host: '127.0.0.1', port: 1 })
  expect(protectedListener.parse({ host: '0.0.0.0', port: 1 }).host).toBe('0.0.0.0')
})

test('address and names are those by which it is reached', () => {
  expect(addressOf({ host: '127.0.0.2', port: 7 })).toBe('http://127.0.0.2:7')
  expect(addressOf({ host: '::1', port: 7, tls })).toBe('https://[::1]:7')
  expect(namesOf({ host: '127.0.0.2' })).toEqual(['127.0.0.1', 'localhost', '[::1]', '127.0.0.2'])
  expect(namesOf({ host: '2001:db8::1', name: 'Till.Example' }).slice(3)).toEqual([
    '[2001:db8::1]',
    'till.example',
  ])
})
