import { type ChildProcess, fork } from 'node:child_process'
import { fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HANDED_STDIO, type HandedOver, handOver, readToEnd } from './hand-over.ts'

let folder: string
let script: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'handed-'))
  script = join(folder, 'child.mjs')
  const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
  writeFileSync(
    script,
    `import { z } from ${JSON.stringify(import.meta.resolve('zod'))}
     import { takeHanded } from ${here('hand-over.ts')}
     try {
       const { settings, plainSettings, passphrase, account } = takeHanded(z.object({ port: z.number() }))
       process.send({ settings, plainSettings, passphrase: passphrase && passphrase.toString(), account })
     } catch (error) { process.send({ name: error.name, problem: error.message }) }
     process.disconnect()`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

function taken(handed: HandedOver): Promise<unknown> {
  const child = fork(script, [], { stdio: [...HANDED_STDIO] })
  handOver(child, handed)
  return new Promise((done, failed) => {
    child.once('message', done)
    child.once('exit', (code) => failed(new Error(`ended: ${code}`)))
  })
}

describe('a child', () => {
  it('gets settings, passphrase and account through its own descriptor', async () => {
    const settings = { port: 7, more: ['é'] }
    expect(await taken({ settings, passphrase: Buffer.from('open sesame'), account: 4_711 })).toEqual({
      settings: { port: 7 },
      plainSettings: settings,
      passphrase: 'open sesame',
      account: 4_711,
    })
    expect(await taken({ settings: { port: 7 } })).toEqual({
      settings: { port: 7 },
      plainSettings: { port: 7 },
      passphrase: null,
      account: null,
    })
  })

  it('says where its settings are not as they should be', async () => {
    expect(await taken({ settings: { port: 'x' } })).toEqual({
      name: 'ConfigProblem',
      problem: expect.stringMatching(/^the settings handed over: port: /),
    })
  })
})

describe('what was handed over', () => {
  function through(write: (chunk: Buffer, done: (error?: Error) => void) => void): Writable {
    return new Writable({ write: (chunk: Buffer, _encoding, done) => write(chunk, done) })
  }

  it('is wiped once it went through, and not before', async () => {
    const chunks: Buffer[] = []
    let copy = Buffer.alloc(0)
    const pipe = through((chunk, done) => {
      chunks.push(chunk)
      copy = Buffer.from(chunk)
      done()
    })
    handOver({ stdio: [null, null, null, null, pipe] } as unknown as ChildProcess, {
      settings: null,
      passphrase: Buffer.from('open sesame'),
    })
    await new Promise((done) => pipe.once('finish', done))
    await new Promise(setImmediate)
    expect(copy.includes('open sesame')).toBe(true)
    expect(chunks).toEqual([Buffer.alloc(copy.length)])
  })

  it('goes nowhere where the child has died, and nobody dies of it', async () => {
    const pipe = through((_chunk, done) => done(new Error('EPIPE')))
    handOver({ stdio: [null, null, null, null, pipe] } as unknown as ChildProcess, { settings: null })
    await new Promise((done) => pipe.once('close', done))
    expect(pipe.destroyed).toBe(true)
  })
})

describe('reading a descriptor to its end', () => {
  function descriptorOf(bytes: Buffer): number {
    const path = join(folder, 'bytes')
    writeFileSync(path, bytes)
    return openSync(path, 'r')
  }

  it('takes everything up to the bound, in its order, and closes it', () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251))
    const descriptor = descriptorOf(bytes)
    expect(readToEnd(descriptor, bytes.length).equals(bytes)).toBe(true)
    expect(() => fstatSync(descriptor)).toThrow('EBADF')
    expect(readToEnd(descriptorOf(Buffer.alloc(0)), 5)).toEqual(Buffer.alloc(0))
  })

  it('takes not a byte more', () => {
    const descriptor = descriptorOf(Buffer.alloc(6))
    expect(() => readToEnd(descriptor, 5)).toThrow(
      new RangeError(`more than 5 bytes came through descriptor ${descriptor}`),
    )
    const far = descriptorOf(Buffer.alloc(200_000))
    expect(() => readToEnd(far, 199_999)).toThrow(RangeError)
  })
})
