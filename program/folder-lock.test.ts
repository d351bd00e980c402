import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdFolder, lockFolder, lockOwner } from './folder-lock.ts'

let folder: string
const started: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Another process that takes the lock of a folder, or says that it cannot. */
async function other(place: string): Promise<{ child: ChildProcess; said: string }> {
  const module = JSON.stringify(new URL('folder-lock.ts', import.meta.url).href)
  const script = `
    import { lockFolder } from ${module}
    process.stdout.write(lockFolder(${JSON.stringify(place)}) === null ? 'taken' : 'mine')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const said = await new Promise<string>((resolve) =>
    child.stdout!.once('data', (data) => resolve(`${data}`)),
  )
  return { child, said }
}

function gone(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('exit', resolve))
}

test('a folder that another process uses is not had by any name, and is had once that one is killed', async () => {
  const link = `${folder}.link`
  symlinkSync(folder, link)
  try {
    const { child, said } = await other(folder)
    expect(said).toBe('mine')
    for (const name of [folder, link, `${folder}/`, join(folder, '..', folder.split('/').at(-1)!)])
      expect(lockFolder(name)).toBeNull()
    expect(lockOwner(link)).toBe(child.pid)
    child.kill('SIGKILL')
    await gone(child)
    expect(lockFolder(link)).not.toBeNull()
  } finally {
    rmSync(link)
  }
})

test('this process has it once, others not until it is released', async () => {
  const lock = lockFolder(folder)!
  expect(lockFolder(folder)).toBeNull()
  expect((await other(folder)).said).toBe('taken')
  lock.release()
  lock.release()
  expect((await other(folder)).said).toBe('mine')
})

test('a lock that nobody looks at any more is kept all the same', async () => {
  lockFolder(folder)
  for (let i = 0; i < 50; i++) Array.from({ length: 100_000 }, () => ({ i }))
  expect((await other(folder)).said).toBe('taken')
})

test('a program waits for the one that is stopping, and says who goes on', async () => {
  const place = join(folder, 'made', 'by', 'it')
  await holdFolder(place, 0)
  expect(lockFolder(place)).toBeNull()
  const { child } = await other(folder)
  await expect(holdFolder(folder, 100)).rejects.toThrow(
    `${folder}: another program works there already (process ${child.pid}): stop it first`,
  )
  setTimeout(() => child.kill('SIGKILL'), 200)
  await holdFolder(folder, 10_000)
  writeFileSync(join(folder, 'file'), '')
  await expect(holdFolder(join(folder, 'file'))).rejects.toThrow('a file stands where a folder should')
})

test('what stands in the way is said by the folder', () => {
  expect(() => lockFolder(join(folder, 'none'))).toThrow(`${join(folder, 'none')} cannot be used`)
  mkdirSync(join(folder, 'in-use'))
  expect(() => lockFolder(folder)).toThrow(`${folder} cannot be used`)
  rmSync(join(folder, 'in-use'), { recursive: true })
  writeFileSync(join(folder, 'in-use'), 'not what lies here, and long enough to be looked at'.repeat(20))
  expect(() => lockFolder(folder)).toThrow(/in-use: it cannot be locked/)
})
