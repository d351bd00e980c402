import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mayMount, withMounts } from '../../program/testing/own-mounts.ts'
import { claimDataFolder } from './data-folder.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'data-folder-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

function problemOf(dir: string): string {
  const opened = claimDataFolder(dir)
  if ('problem' in opened) return opened.problem
  opened.release()
  return 'none'
}

test('a folder has one name, whatever link leads to it, and one market', () => {
  const link = path.join(folder, 'link')
  const place = path.join(folder, 'data')
  fs.symlinkSync(place, link)
  fs.mkdirSync(place)
  const opened = claimDataFolder(`${link}/`)
  if ('problem' in opened) throw new Error(opened.problem)
  expect(opened.dir).toBe(fs.realpathSync(place))
  expect(opened.path('a', 'b')).toBe(path.join(opened.dir, 'a', 'b'))
  expect(problemOf(place)).toBe(
    `A market runs on ${place} already (process ${process.pid}): stop it first, or choose another folder with --data.`,
  )
  opened.release()
  expect(problemOf(place)).toBe('none')
})

test('a lock that an earlier release left behind holds up nobody, whosever number it is', () => {
  for (const number of ['1', String(process.pid), '']) {
    fs.writeFileSync(path.join(folder, 'market.lock'), number)
    expect(problemOf(folder)).toBe('none')
  }
})

test('a file in the folder’s place, or above it, is said', () => {
  const file = path.join(folder, 'file')
  fs.writeFileSync(file, '')
  const said = 'cannot be used: a file stands where a folder should. Choose another folder with --data.'
  expect(problemOf(file)).toBe(`${file} ${said}`)
  expect(problemOf(path.join(file, 'data'))).toBe(`${path.join(file, 'data')} ${said}`)
})

/** Opens the folder in another process: of another account, or with mounts of its own. */
function problemElsewhere(dir: string, before: string[] | null, account?: number): string {
  const module = JSON.stringify(new URL('data-folder.ts', import.meta.url).href)
  const script = `
    import { claimDataFolder } from ${module}
    process.stdout.write(claimDataFolder(${JSON.stringify(dir)}).problem ?? 'none')`
  const program = [process.execPath, '--no-warnings', '--input-type=module', '-e', script]
  const [command, ...args] = before === null ? program : withMounts(before, program)
  const { stdout, stderr } = spawnSync(command!, args, {
    encoding: 'utf8',
    ...(account !== undefined && { uid: account, gid: account }),
  })
  return stdout + stderr
}

test('a disk that is read-only is said', () => {
  if (!mayMount) {
    fs.chmodSync(folder, 0o500)
    expect(problemOf(folder)).toContain('this account may not write there')
    return
  }
  const mount = [`mount -t tmpfs tmpfs ${folder}`, `mount -o remount,ro ${folder}`]
  expect(problemElsewhere(folder, mount)).toContain(`${folder} cannot be used: its disk is mounted read-only`)
  expect(problemElsewhere(path.join(folder, 'new'), mount)).toContain('its disk is mounted read-only')
})

test('a disk that is full is said', () => {
  if (!mayMount) return expect(problemOf(folder)).toBe('none')
  const mount = [`mount -t tmpfs -o nr_inodes=1 tmpfs ${folder}`]
  expect(problemElsewhere(folder, mount)).toContain(`${folder} cannot be used: the disk is full`)
})
