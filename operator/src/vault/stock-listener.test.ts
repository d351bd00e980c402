import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestVault, testVault } from '../../testing/test-vault.ts'
import { createStockListener, type StockListener } from './stock-listener.ts'

let vault: TestVault
let listener: StockListener
const clock = { at: 1_790_000_000_000, nowMs: () => clock.at }
beforeEach(async () => {
  vault = await testVault()
  listener = createStockListener({ ...vault.needs, clock }, { host: '127.0.0.1', port: 4003 })
})
afterEach(async () => {
  await listener.app.close()
  await vault.database.drop()
})

const post = async (url: string) => {
  const answer = await listener.app.inject({
    method: 'POST',
    url,
    payload: 'x',
    headers: { 'content-type': 'text/csv' },
  })
  return [answer.statusCode, answer.json().error?.code ?? answer.json().problems[0].rule]
}

test('a token is good once, for ten minutes, and nothing but a token opens the door', async () => {
  const admission = { fileName: 'x', sizeBytes: 1, activated: false, actor: 'amel' }
  const [first, second] = [listener.admit(admission), listener.admit(admission)]
  expect(first.token).not.toBe(second.token)
  expect(await post(first.path)).toEqual([422, 'missing-column'])
  expect(await post(first.path)).toEqual([403, 'token-not-valid'])
  clock.at += 10 * 60_000 + 1
  expect(await post(second.path)).toEqual([403, 'token-not-valid'])
  expect(await post('/stock-files/guess')).toEqual([403, 'token-not-valid'])
})
