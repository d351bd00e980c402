// Accounts, without needing to be root: what would be asked of the system, and in which order.

import * as fs from 'node:fs'
import * as nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  account,
  accountsFor,
  changeAccount,
  giveFiles,
  giveFolder,
  runUnder,
  shareFolder,
  startedAsRoot,
} from './account.ts'
import { ConfigProblem } from './config-file.ts'
import { closedToOthers, readableByAll } from './readable-code.ts'

vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  return {
    ...real,
    chownSync: vi.fn(),
    lchownSync: vi.fn(),
    lstatSync: vi.fn(real.lstatSync) as unknown as typeof real.lstatSync,
  }
})
vi.mock(import('node:module'), async (original) => ({ ...(await original()), flushCompileCache: vi.fn() }))

let folder: string
beforeEach(() => {
  vi.clearAllMocks()
  folder = fs.mkdtempSync(join(tmpdir(), 'account-'))
  fs.chmodSync(folder, 0o755)
})
afterEach(() => {
  vi.restoreAllMocks()
  fs.rmSync(folder, { recursive: true })
})
const asUser = (uid: number) => vi.spyOn(process, 'getuid').mockReturnValue(uid)
const modeOf = (path: string) => fs.statSync(path).mode & 0o7777

describe('the accounts of a program', () => {
  it('are numbers from 1 on, below those that mean nobody', () => {
    expect([1, 65_533].every((number) => account.safeParse(number).success)).toBe(true)
    expect([0, -1, 65_534, 1.5, '1'].some((number) => account.safeParse(number).success)).toBe(false)
  })

  it('are needed where root starts it, one for each process, and of no use elsewhere', () => {
    const accounts = { api: 4_711, vault: 4_712 }
    asUser(1_000)
    expect([startedAsRoot(), accountsFor({ accounts }), accountsFor({})]).toEqual([false, null, null])
    asUser(0)
    expect([startedAsRoot(), accountsFor({ accounts })]).toEqual([true, accounts])
    expect(() => accountsFor({})).toThrow(ConfigProblem)
    expect(() => accountsFor({})).toThrow(
      'accounts: missing; started as root, each process runs under an account of its own: name their numbers, or start it as another user',
    )
    expect(() => accountsFor({ accounts: { api: 7, vault: 7 } })).toThrow(
      new ConfigProblem('accounts: two processes have the same number; each needs its own'),
    )
  })
})

describe('a process under an account', () => {
  it('runs a module that it may read; without one it runs as we do', () => {
    expect(runUnder(undefined, '/programs/api.ts')).toEqual({ module: '/programs/api.ts', options: {} })
    const module = join(folder, 'api.ts')
    fs.writeFileSync(module, '', { mode: 0o644 })
    const readable = readableByAll(module)
    expect(readable).toEqual({ module, execPath: process.execPath })
    expect(runUnder(4_711, module)).toEqual({
      module,
      options: { uid: 4_711, gid: 4_711, execPath: process.execPath },
    })
  })

  it('gives up its groups first and its own number last, and what was compiled before that', () => {
    const steps: unknown[] = []
    vi.mocked(nodeModule.flushCompileCache).mockImplementation(() => void steps.push('flush'))
    for (const name of ['setgroups', 'setgid', 'setuid'] as const)
      vi.spyOn(process, name).mockImplementation(
        ((given: unknown) => void steps.push([name, given])) as never,
      )
    changeAccount(4_711)
    expect(steps).toEqual(['flush', ['setgroups', []], ['setgid', 4_711], ['setuid', 4_711]])
  })
})

describe('a folder', () => {
  it('without an account is ours alone', () => {
    giveFolder(join(folder, 'deep', 'vault'), undefined)
    expect(modeOf(join(folder, 'deep', 'vault'))).toBe(0o700)
    expect(fs.chownSync).not.toHaveBeenCalled()
  })

  it('is given with what lies in it, files before the folder, through no link', () => {
    fs.writeFileSync(join(folder, 'b'), '')
    fs.symlinkSync('/etc/passwd', join(folder, 'a'))
    giveFolder(folder, 4_711)
    expect(vi.mocked(fs.lchownSync).mock.calls).toEqual([
      [join(folder, 'a'), 4_711, 4_711],
      [join(folder, 'b'), 4_711, 4_711],
    ])
    expect(vi.mocked(fs.chownSync).mock.calls).toEqual([[folder, 4_711, 4_711]])
    const [files] = vi.mocked(fs.lchownSync).mock.invocationCallOrder
    expect(files).toBeLessThan(vi.mocked(fs.chownSync).mock.invocationCallOrder[0]!)
    expect(modeOf(folder)).toBe(0o700)
  })

  it('lets another account pass where one is named', () => {
    giveFolder(folder, 4_711, 4_712)
    expect(vi.mocked(fs.chownSync).mock.calls).toEqual([[folder, 4_711, 4_712]])
    expect(modeOf(folder)).toBe(0o2710)
  })

  it('that is the account’s already is not given again, nor what was put there since', () => {
    fs.writeFileSync(join(folder, 'planted'), '')
    giveFolder(folder, fs.statSync(folder).uid)
    expect([fs.chownSync, fs.lchownSync].map((call) => vi.mocked(call).mock.calls.length)).toEqual([0, 0])
    expect(modeOf(folder)).toBe(0o700)
  })

  it('is no link to another', () => {
    const elsewhere = join(folder, 'elsewhere')
    const link = join(folder, 'link')
    fs.mkdirSync(elsewhere)
    fs.symlinkSync(elsewhere, link)
    expect(() => giveFolder(link, 4_711)).toThrow(new ConfigProblem(`${link} is no folder`))
    expect(fs.chownSync).not.toHaveBeenCalled()
  })

  it('gives its files by themselves too', () => {
    fs.writeFileSync(join(folder, 'a'), '')
    giveFiles(folder, 9)
    expect(vi.mocked(fs.lchownSync).mock.calls).toEqual([[join(folder, 'a'), 9, 9]])
  })

  it('that is shared lets accounts through and nobody look, where there are accounts', () => {
    const [alone, shared] = [join(folder, 'alone'), join(folder, 'deep', 'shared')]
    shareFolder(alone, null)
    shareFolder(shared, { api: 1 })
    expect([modeOf(alone), modeOf(shared)]).toEqual([0o700, 0o711])
  })
})

describe('what keeps others from a file', () => {
  it('is the file itself, or the nearest folder that they may not enter', () => {
    const inner = join(folder, 'a', 'b')
    fs.mkdirSync(inner, { recursive: true, mode: 0o755 })
    const file = join(inner, 'module.ts')
    fs.writeFileSync(file, '')
    fs.chmodSync(file, 0o644)
    expect(closedToOthers(file)).toBeNull()
    fs.chmodSync(join(folder, 'a'), 0o754)
    expect(closedToOthers(file)).toBe(fs.realpathSync(join(folder, 'a')))
    fs.chmodSync(inner, 0o750)
    expect(closedToOthers(file)).toBe(fs.realpathSync(inner))
    fs.chmodSync(file, 0o640)
    expect(closedToOthers(file)).toBe(fs.realpathSync(file))
    // Through a link it is what the link leads to that counts.
    const link = join(folder, 'link.ts')
    fs.symlinkSync(file, link)
    expect(closedToOthers(link)).toBe(fs.realpathSync(file))
  })
})
