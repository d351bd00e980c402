import { type AddressInfo, createServer, type Server } from 'node:net'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../log.ts'
import { createHttpServer } from './http-server.ts'
import { isFree, listen, untilFree } from './listen.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

function keep<T extends { close(): unknown }>(server: T): T {
  open.push(server)
  return server
}

async function taken(): Promise<{ server: Server; place: { host: string; port: number } }> {
  const server = keep(createServer())
  await listen(server, 'first', { host: '127.0.0.2', port: 0 })
  return { server, place: { host: '127.0.0.2', port: (server.address() as AddressInfo).port } }
}

test('a port that another program keeps is said by setting, port and address', async () => {
  const { place } = await taken()
  const said = `staffHttp: port ${place.port} of 127.0.0.2 is taken by another program: stop that, or choose another port`
  await expect(listen(keep(createServer()), 'staffHttp', place, 0)).rejects.toThrow(said)
  await expect(untilFree('staffHttp', place, 0)).rejects.toThrow(said)
  expect(await isFree(place)).toBe(false)
  expect(await isFree({ ...place, host: '127.0.0.3' })).toBe(true)
})

test('a predecessor that is still ending is waited for', async () => {
  const { server, place } = await taken()
  setTimeout(() => server.close(), 200)
  const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })
  const app = keep(createHttpServer({ log, clock: systemClock, random: systemRandom }))
  app.get('/', async () => 'here')
  await listen(app, 'staffHttp', place, 5_000)
  expect(await (await fetch(`http://127.0.0.2:${place.port}/`)).text()).toBe('here')
})

test('an address that this machine does not have is not waited for', async () => {
  const beganMs = performance.now()
  await expect(listen(keep(createServer()), 'frames', { host: '192.0.2.1', port: 4001 })).rejects.toThrow(
    'frames: this machine has no address 192.0.2.1',
  )
  expect(performance.now() - beganMs).toBeLessThan(1_000)
})
