import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function lines(level?: string) {
  const written: Record<string, unknown>[] = []
  const log = createLog(
    {
      program: 'centre',
      process: 'vault',
      clock: { nowMs: () => 1_790_000_000_123 },
      ...(level && { level }),
    },
    { write: (line: string) => void written.push(JSON.parse(line)) },
  )
  return { log, written }
}

test('a line says which program and process wrote it, and when by its clock', () => {
  const { log, written } = lines()
  log.info({ order: 17 }, 'taken')
  expect(written).toEqual([
    { level: 30, time: 1_790_000_000_123, program: 'centre', process: 'vault', order: 17, msg: 'taken' },
  ])
})

test('what is below the level is not written; without a word about it that is info', () => {
  const usual = lines()
  usual.log.debug('small')
  usual.log.info('large')
  expect(usual.written.map(({ msg }) => msg)).toEqual(['large'])
  const chatty = lines('debug')
  chatty.log.debug('small')
  expect(chatty.written).toHaveLength(1)
})

test.each(['password', 'passphrase', 'pin', 'puk', 'secret', 'token', 'cookie', 'authorization'])(
  '%s is cut out, at the top and one and two levels down',
  (name) => {
    const { log, written } = lines()
    log.info({ [name]: 'x', a: { [name]: 'y', b: { [name]: 'z' } } })
    expect(written[0]).toMatchObject({ [name]: '[cut]', a: { [name]: '[cut]', b: { [name]: '[cut]' } } })
  },
)

test("a fault's code stays", () => {
  const { log, written } = lines()
  log.error({ err: Object.assign(new Error('no'), { code: '23505' }) }, 'failed')
  expect(written[0]).toMatchObject({ err: { code: '23505', message: 'no' } })
})
