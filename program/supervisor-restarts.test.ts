// How children are kept alive, without waiting for it: a child here is its events, and time is what we say.

import * as childProcess from 'node:child_process'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import * as timers from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { decode } from 'cborg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as account from './account.ts'
import type { Log } from './log.ts'
import { type ChildSpec, cannotServe, runProgram, sendReady, superviseChildren } from './supervisor.ts'

vi.mock(import('node:child_process'), async (original) => ({ ...(await original()), fork: vi.fn() as never }))
vi.mock(import('node:timers/promises'), async (original) => ({
  ...(await original()),
  setTimeout: vi.fn() as never,
}))
vi.mock(import('./account.ts'), async (original) => {
  const real = await original()
  return {
    ...real,
    giveFolder: vi.fn(),
    shareFolder: vi.fn(),
    runUnder: vi.fn((number: number | undefined, module: string) =>
      number === undefined
        ? { module, options: {} }
        : { module: `/readable${module}`, options: { uid: number, gid: number, execPath: '/readable/node' } },
    ),
  }
})

class FakeChild extends EventEmitter {
  readonly handed: Promise<unknown>
  readonly stdio: unknown[]
  readonly killed: string[] = []
  constructor() {
    super()
    const pipe = new PassThrough()
    const chunks: Buffer[] = []
    this.handed = new Promise((done) => {
      pipe.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)))
      pipe.on('end', () => done(decode(Buffer.concat(chunks))))
    })
    this.stdio = [null, null, null, null, pipe]
  }
  kill(signal: string): boolean {
    this.killed.push(signal)
    return true
  }
}

let children: FakeChild[]
let nowMs: number
let endSleep: (() => void) | null
const error = vi.fn()
const info = vi.fn()
const log = { error, info } as unknown as Log
const settled = () => new Promise((done) => setImmediate(done))

beforeEach(() => {
  children = []
  nowMs = 0
  endSleep = null
  vi.clearAllMocks()
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  vi.mocked(childProcess.fork).mockImplementation((() => {
    const child = new FakeChild()
    children.push(child)
    return child
  }) as never)
  vi.mocked(timers.setTimeout).mockImplementation(
    ((_ms: number, _value: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((done, failed) => {
        endSleep = done
        signal.addEventListener('abort', () => failed(new Error('aborted')))
      })) as never,
  )
})
afterEach(() => {
  vi.restoreAllMocks()
})

const spec = (name: string, more: Partial<ChildSpec> = {}): ChildSpec => ({
  name,
  module: pathToFileURL(`/programs/${name}.ts`),
  handed: { settings: { name } },
  ...more,
})
const supervise = (...specs: ChildSpec[]) => superviseChildren({ children: specs, cwd: '/data/centre', log })
const last = () => children.at(-1)!
const pauses = () => vi.mocked(timers.setTimeout).mock.calls.map(([ms]) => ms)
async function dies(child = last(), code: number | null = 1, signal: string | null = null): Promise<void> {
  child.emit('exit', code, signal)
  await settled()
}
async function pauseEnds(): Promise<void> {
  endSleep?.()
  await settled()
}

describe('a child that died', () => {
  it('is started again after a pause that doubles from 0.2 to 10 seconds', async () => {
    const supervised = supervise(spec('api'))
    for (let life = 1; life <= 8; life++) {
      expect(children).toHaveLength(life)
      await dies()
      await pauseEnds()
    }
    expect(pauses()).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(error.mock.calls[0]).toEqual([
      { child: 'api', how: 'exit 1', restartInMs: 200 },
      'a child ended and is started again',
    ])
    await dies(last(), null, 'SIGKILL')
    expect(error.mock.lastCall![0]).toMatchObject({ how: 'SIGKILL' })
    last().emit('error', new Error('spawn ENOMEM'))
    void supervised.stop()
    await settled()
  })

  it('that had lived for more than half a minute is started again quickly', async () => {
    supervise(spec('api'))
    await dies()
    await pauseEnds()
    nowMs += 30_000
    await dies()
    await pauseEnds()
    nowMs += 30_001
    await dies()
    await pauseEnds()
    await dies()
    expect(pauses()).toEqual([200, 400, 200, 400])
  })

  it('for want of a process is told by its error', async () => {
    supervise(spec('api'))
    last().emit('error', new Error('spawn ENOMEM'))
    await settled()
    expect(error.mock.calls[0]![0]).toMatchObject({ how: 'spawn ENOMEM' })
  })

  it('is not started again once all are stopping', async () => {
    const supervised = supervise(spec('api'))
    await dies()
    await supervised.stop()
    expect(children).toHaveLength(1)
  })
})

describe('a child that cannot serve', () => {
  it('ends the whole before it ever served, and is not started again', async () => {
    const supervised = supervise(spec('vault'), spec('api'))
    await dies(children[0]!, 78)
    await expect(supervised.ready).rejects.toMatchObject({
      name: 'CannotServe',
      message: 'vault cannot serve as things are set',
    })
    expect(pauses()).toEqual([])
  })

  it('but had served, is started again: what is set was right', async () => {
    supervise(spec('vault'))
    last().emit('message', { ready: true })
    await dies(last(), 78)
    expect(pauses()).toEqual([200])
  })

  it('and any other end is no such thing', async () => {
    supervise(spec('vault'))
    await dies(last(), 77)
    expect(pauses()).toEqual([200])
  })
})

describe('children', () => {
  it('are ready when each has said so, and each one’s message is kept', async () => {
    const supervised = supervise(spec('vault'), spec('api'))
    const ready = vi.fn()
    void supervised.ready.then(ready)
    for (const nothing of [null, 'ready', { ready: false }, { other: true }, 7])
      children[0]!.emit('message', nothing)
    children[0]!.emit('message', { ready: true, keys: 3 })
    await settled()
    expect(ready).not.toHaveBeenCalled()
    expect(info.mock.calls).toEqual([[{ child: 'vault' }, 'ready']])
    children[1]!.emit('message', { ready: true, port: 1 })
    await settled()
    expect(ready).toHaveBeenCalledExactlyOnceWith({
      vault: { ready: true, keys: 3 },
      api: { ready: true, port: 1 },
    })
  })

  it('run in the folder of the data, with their arguments, environment and what they are handed', async () => {
    supervise(
      spec('card', {
        args: ['--reader', '1'],
        env: { GLIBC_TUNABLES: 'x' },
        handed: { settings: { a: 1 }, passphrase: Buffer.from('open') },
      }),
    )
    const [module, args, options] = vi.mocked(childProcess.fork).mock.lastCall as unknown as [
      string,
      string[],
      { cwd: string; env: Record<string, string>; stdio: unknown[]; uid?: number },
    ]
    expect([module, args, options.cwd]).toEqual(['/programs/card.ts', ['--reader', '1'], '/data/centre'])
    expect(options.env).toMatchObject({ PATH: process.env.PATH, GLIBC_TUNABLES: 'x' })
    expect(options.stdio).toEqual(['ignore', 'inherit', 'inherit', 'ipc', 'pipe'])
    expect(options).not.toHaveProperty('uid')
    expect(await last().handed).toEqual([{ a: 1 }, new Uint8Array(Buffer.from('open')), null])
  })

  it('run under their accounts, or are told to change to them by themselves', async () => {
    const before = process.env.NODE_COMPILE_CACHE
    process.env.NODE_COMPILE_CACHE = '/cache'
    try {
      supervise(
        spec('api', { account: 4_711 }),
        spec('card', { account: 4_712, changesAccount: true }),
        spec('x'),
      )
    } finally {
      if (before === undefined) delete process.env.NODE_COMPILE_CACHE
      else process.env.NODE_COMPILE_CACHE = before
    }
    const [api, card, plain] = vi.mocked(childProcess.fork).mock.calls.map(([module, , options]) => ({
      ...(options as object as {
        env: Record<string, string>
        uid?: number
        gid?: number
        execPath?: string
      }),
      module,
    }))
    expect(api).toMatchObject({
      module: '/readable/programs/api.ts',
      uid: 4_711,
      gid: 4_711,
      execPath: '/readable/node',
    })
    expect(await children[0]!.handed).toEqual([{ name: 'api' }, null, null])
    // Its own cache, where it may write.
    expect(api!.env.NODE_COMPILE_CACHE).toBe('/data/centre/cache/api')
    expect(vi.mocked(account.shareFolder).mock.calls).toEqual([['/data/centre/cache', { account: 4_711 }]])
    expect(vi.mocked(account.giveFolder).mock.calls).toEqual([['/data/centre/cache/api', 4_711]])
    expect(card).toMatchObject({ execPath: '/readable/node' })
    expect(card).not.toHaveProperty('uid')
    expect(card!.env.NODE_COMPILE_CACHE).toBe('/cache')
    expect(await children[1]!.handed).toEqual([{ name: 'card' }, null, 4_712])
    expect(plain!.env.NODE_COMPILE_CACHE).toBe('/cache')
  })
})

describe('stopping', () => {
  it('asks each child to end, and kills those that have not in three seconds', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(7 as never)
    const cleared = vi.spyOn(globalThis, 'clearTimeout').mockImplementation(() => undefined)
    const supervised = supervise(spec('vault'), spec('api'))
    const stopped = supervised.stop()
    expect(children.map(({ killed }) => killed)).toEqual([['SIGTERM'], ['SIGTERM']])
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([3_000])
    await dies(children[0]!, 0)
    ;(set.mock.calls[0]![0] as () => void)()
    expect(children.map(({ killed }) => killed)).toEqual([['SIGTERM'], ['SIGTERM', 'SIGKILL']])
    expect(cleared).not.toHaveBeenCalled()
    await dies(children[1]!, null, 'SIGKILL')
    await stopped
    expect(cleared).toHaveBeenCalledWith(7)
    await expect(supervised.ready).rejects.toThrow('stopped before all children were ready')
    expect(children).toHaveLength(2)
  })
})

describe('a child’s own words', () => {
  it('say that it serves to a starter, and nothing where there is none', () => {
    const { send } = process
    const sent = vi.fn()
    try {
      process.send = sent as never
      sendReady({ port: 1 })
      sendReady()
      expect(sent.mock.calls).toEqual([[{ port: 1, ready: true }], [{ ready: true }]])
      Reflect.deleteProperty(process, 'send')
      expect(() => sendReady()).not.toThrow()
    } finally {
      if (send) process.send = send
    }
  })

  it('say a problem that a person has to mend, and throw any other', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as never)
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    const say: (problem: unknown) => unknown = cannotServe
    say(Object.assign(new Error('the passphrase is another'), { name: 'KeyProblem' }))
    expect(write.mock.calls).toEqual([['the passphrase is another\n']])
    expect(exit.mock.calls).toEqual([[78]])
    for (const other of [new Error('no'), Object.assign(new Error('no'), { name: 'ProblemX' }), 'Problem'])
      expect(() => say(other)).toThrow()
    expect(exit).toHaveBeenCalledTimes(1)
  })
})

describe('a program', () => {
  it('tells its own starter when all are ready', async () => {
    const { send } = process
    const sent = vi.fn()
    process.send = sent as never
    const listeners = ['SIGTERM', 'SIGINT', 'disconnect'].map((name) => process.listeners(name as 'SIGTERM'))
    try {
      runProgram({ children: [spec('api')], cwd: '/data/centre', log })
      last().emit('message', { ready: true, port: 1 })
      await settled()
      expect(sent.mock.calls).toEqual([[{ children: { api: { ready: true, port: 1 } }, ready: true }]])
    } finally {
      if (send) process.send = send
      ;['SIGTERM', 'SIGINT', 'disconnect'].forEach((name, at) => {
        for (const listener of process.listeners(name as 'SIGTERM'))
          if (!listeners[at]!.includes(listener)) process.off(name, listener)
      })
    }
  })

  it('stops and ends badly where a child cannot serve', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as never)
    runProgram({ children: [spec('vault'), spec('api')], cwd: '/data/centre', log })
    await dies(children[0]!, 78)
    expect(children[1]!.killed).toEqual(['SIGTERM'])
    expect(exit).not.toHaveBeenCalled()
    await dies(children[1]!, 0)
    expect(exit.mock.calls).toEqual([[1]])
  })
})
