import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  connectPrivateLine,
  PrivateLineFault,
  PrivateLineLost,
  type PrivateLineServer,
  servePrivateLine,
} from './private-line.ts'

const verbs = {
  echo: (value: unknown) => value,
  add: async ({ a, b }: { a: bigint; b: bigint }) => a + b,
  break: () => {
    throw new Error('the secret reason')
  },
  hang: () => new Promise<never>(() => undefined),
}

let folder: string
let path: string
let server: PrivateLineServer
let faults: unknown[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'line-'))
  path = join(folder, 'run', 'vault.sock')
  faults = []
  server = await servePrivateLine(path, verbs, (fault) => faults.push(fault))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

test('values of every kind cross and come back the same', async () => {
  const line = connectPrivateLine<typeof verbs>(path)
  const value = { text: 'a', list: [1, -2, null, true, undefined], big: 5n, negative: -(2n ** 70n), zero: 0n }
  expect(await line.verbs.echo(value)).toEqual(value)
  expect(await line.verbs.echo(Buffer.from([1, 2, 3]))).toEqual(new Uint8Array([1, 2, 3]))
  expect(await line.verbs.add({ a: 1n, b: 2n })).toBe(3n)
  line.close()
})

test('a large frame and two hundred calls at once', async () => {
  const line = connectPrivateLine<typeof verbs>(path)
  const large = new Uint8Array(5_000_000).fill(7)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => line.verbs.echo(n)))
  expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => n))
  expect(Buffer.compare((await line.verbs.echo(large)) as Uint8Array, large)).toBe(0)
  line.close()
})

test('a fault crosses as a reference only', async () => {
  const line = connectPrivateLine<typeof verbs>(path)
  const error = await line.verbs.break().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PrivateLineFault)
  expect((error as Error).message).not.toContain('secret')
  expect(faults).toMatchObject([{ verb: 'break', reference: (error as PrivateLineFault).reference }])
  line.close()
})

test('a pending call is lost when the other process dies, and the next one finds its successor', async () => {
  const line = connectPrivateLine<typeof verbs>(path)
  await line.verbs.echo(1)
  const hanging = line.verbs.hang().catch((reason: unknown) => reason)
  await line.verbs.echo(2)
  await server.close()
  expect(await hanging).toBeInstanceOf(PrivateLineLost)
  const waiting = line.verbs.echo('later')
  server = await servePrivateLine(path, verbs, () => undefined)
  expect(await waiting).toBe('later')
  line.close()
})

test('only the owner, and whom the folder lets in, may speak on the line', () => {
  expect(statSync(path).mode & 0o777).toBe(0o660)
  expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700)
})

test('bytes that are no message end their own connection and nothing else', async () => {
  const line = connectPrivateLine<typeof verbs>(path)
  expect(await line.verbs.echo(1)).toBe(1)
  const garbage = [
    Buffer.from('ffff', 'hex'),
    Buffer.from('ffffffff', 'hex'),
    Buffer.from('00000000', 'hex'),
    // A frame of one byte that is no CBOR; of CBOR that is no call; of a call without a number, or without a verb.
    ...['00000001ff', '00000001f6', '0000000180', '0000000683646563686f01', '00000004830102f6'].map((hex) =>
      Buffer.from(hex, 'hex'),
    ),
  ]
  for (const bytes of garbage) {
    const socket = createConnection(path)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    socket.end(bytes)
    await closed
    expect(await line.verbs.echo(2)).toBe(2)
  }
  expect(faults).toEqual([])
  line.close()
})
