import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { mayMount, withMounts } from '../program/testing/own-mounts.ts'

// A checkout in small, in a folder whose name has what paths and addresses treat differently: the bootstrap, a lockfile, and an npm that does what the test says.
let checkout: string

beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'a check#out%41 or?é-'))
  fs.mkdirSync(path.join(checkout, 'bootstrap'))
  fs.copyFileSync(path.join(import.meta.dirname, 'run.mjs'), path.join(checkout, 'bootstrap', 'run.mjs'))
  fs.writeFileSync(path.join(checkout, 'package-lock.json'), '{"packages":{"":{}}}')
  fs.writeFileSync(
    path.join(checkout, 'program.ts'),
    "process.stdout.write('ran ' + process.argv.slice(2).join(' ') + '\\n')",
  )
})
afterEach(() => fs.rmSync(checkout, { recursive: true }))

/** Stands in for npm: appends to a file each time it runs, then does this. */
function npm(does: string): string {
  const file = path.join(checkout, 'npm.js')
  const count = JSON.stringify(path.join(checkout, 'npm-ran'))
  fs.writeFileSync(file, `const fs = require('node:fs'); fs.appendFileSync(${count}, 'x'); ${does}`)
  return file
}

const bringsNode = () =>
  `const dir = ${JSON.stringify(path.join(checkout, 'node_modules', `node-linux-${process.arch}`, 'bin'))};
   fs.mkdirSync(dir, { recursive: true }); fs.symlinkSync(${JSON.stringify(process.execPath)}, dir + '/node')`

function run(npmFile: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['bootstrap/run.mjs', 'program.ts', ...options],
    {
      cwd: checkout,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, npm_execpath: npmFile },
    },
  )
  return { status, stdout, stderr }
}

test('packages are installed once, then the program runs', () => {
  const npmFile = npm(bringsNode())
  expect(run(npmFile, '--sell', '2')).toMatchObject({ status: 0, stdout: 'ran --sell 2\n' })
  expect(run(npmFile)).toMatchObject({ status: 0, stdout: 'ran \n' })
  expect(fs.readFileSync(path.join(checkout, 'npm-ran'), 'utf8')).toBe('x')
})

test('another lockfile is installed for', () => {
  const npmFile = npm(
    bringsNode().replace('fs.symlinkSync', 'fs.existsSync(dir + "/node") || fs.symlinkSync'),
  )
  run(npmFile)
  fs.writeFileSync(path.join(checkout, 'package-lock.json'), '{"packages":{"":{},"x":{}}}')
  run(npmFile)
  expect(fs.readFileSync(path.join(checkout, 'npm-ran'), 'utf8')).toBe('xx')
})

test.each([
  ['no registry', 'npm error code ENOTFOUND', 'registry cannot be reached'],
  ['a full disk', 'npm error code ENOSPC', 'disk is full'],
  ['a quota', 'npm error code EDQUOT', 'quota of this account'],
  ['a limit of files', 'npm error code EFBIG', 'ulimit -f'],
  ['a read-only disk', 'npm error code EROFS', 'mounted read-only'],
  ['no right to write', 'npm error code EACCES', 'check who owns the checkout'],
  ['something new', 'npm error the moon is full', 'the moon is full'],
])('%s is said in one sentence, and as JSON to who asked for it', (_, said, sentence) => {
  const npmFile = npm(`process.stderr.write(${JSON.stringify(`${said}\n`)}); process.exit(1)`)
  const { status, stdout, stderr } = run(npmFile, '--json')
  expect(status).toBe(1)
  expect(stderr.trim().split('\n').at(-1)).toContain(sentence)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, problem: expect.stringContaining(sentence) })
})

test('a limit of files and a full disk are named when the lock itself cannot be written', () => {
  const npmFile = npm(bringsNode())
  const command = [process.execPath, path.join(checkout, 'bootstrap', 'run.mjs'), 'program.ts', '--json']
  const problemOf = ([program, ...args]: readonly string[]) =>
    spawnSync(program!, args, {
      ...{ encoding: 'utf8', timeout: 30_000 },
      env: { ...process.env, npm_execpath: npmFile },
    }).stdout
  expect(problemOf(['bash', '-c', 'ulimit -f 0 && exec "$@"', 'bash', ...command])).toContain('ulimit -f')
  if (!mayMount) return
  const own = JSON.stringify(checkout)
  // The checkout's content on a disk of its own, with no room for one more file.
  const full = [
    `cp -a ${own} ${own}.copy`,
    `mount -t tmpfs -o nr_inodes=40 tmpfs ${own}`,
    `cp -a ${own}.copy/. ${own}`,
    `i=0; while touch ${own}/fill$i 2> /dev/null; do i=$((i+1)); done`,
  ]
  onTestFinished(() => fs.rmSync(`${checkout}.copy`, { recursive: true, force: true }))
  expect(problemOf(withMounts(full, command))).toContain('The disk is full: about 800 MB are needed')
})

const lock = () => path.join(checkout, '.installing')
const place = () =>
  `${fs.readlinkSync('/proc/self/ns/pid')} ${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
/** When a process began, as the system counts it. */
const began = (pid: number) =>
  fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!

function timed(): { status: number | null; tookMs: number } {
  const startedMs = performance.now()
  const { status } = run(npm(bringsNode()))
  return { status, tookMs: performance.now() - startedMs }
}

test.each([
  ['nobody’s', () => `999999999 1 ${place()}\n`],
  ['another program’s by now', () => `${process.pid} 1 ${place()}\n`],
  ['the first process’s by now', () => `1 ${Number(began(1)) + 1} ${place()}\n`],
])('a lock of an installer that was killed, whose number is %s, holds up nobody', (_, content) => {
  fs.writeFileSync(lock(), content())
  const { status, tookMs } = timed()
  expect(status).toBe(0)
  expect(tookMs).toBeLessThan(4_000)
  expect(fs.readdirSync(checkout).filter((name) => name.startsWith('.installing'))).toEqual([])
})

test('a lock whose number is this very start’s, as after a container’s restart, holds up nobody', () => {
  const npmFile = npm(bringsNode())
  const script = `echo "$$ 1 ${place()}" > .installing; exec "$0" bootstrap/run.mjs program.ts`
  const { status, stdout } = spawnSync('sh', ['-c', script, process.execPath], {
    ...{ cwd: checkout, encoding: 'utf8', timeout: 10_000 },
    env: { ...process.env, npm_execpath: npmFile },
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran \n' })
})

test.each([
  ['of another container', '7 1 pid:[1] another-boot\n'],
  ['of an older release', '1'],
  ['emptied by a power cut', ''],
])('a lock %s is taken over once nobody has touched it for a while, and not before', (_, content) => {
  fs.writeFileSync(lock(), content)
  const touched = Date.now() / 1000 - 13
  fs.utimesSync(lock(), touched, touched)
  const { status, tookMs } = timed()
  expect(status).toBe(0)
  expect(tookMs).toBeGreaterThan(1_500)
  expect(tookMs).toBeLessThan(10_000)
})

test('an installer that lives is waited for, and touches its lock meanwhile', async () => {
  const owner = spawn('sleep', ['60'], { stdio: 'ignore' })
  fs.writeFileSync(lock(), `${owner.pid} ${began(owner.pid!)} ${place()}\n`)
  const old = Date.now() / 1000 - 3600
  fs.utimesSync(lock(), old, old)
  const npmFile = npm(`${bringsNode()}; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_500)`)
  const second = spawn(process.execPath, ['bootstrap/run.mjs', 'program.ts'], {
    cwd: checkout,
    env: { ...process.env, npm_execpath: npmFile },
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((end) => second.once('exit', end))
  await sleep(1_000)
  expect(fs.existsSync(path.join(checkout, 'npm-ran'))).toBe(false)
  owner.kill('SIGKILL')
  await new Promise((gone) => owner.once('exit', gone))
  await sleep(3_500)
  expect(fs.existsSync(path.join(checkout, 'npm-ran'))).toBe(true)
  expect(fs.readFileSync(lock(), 'utf8')).toBe(`${second.pid} ${began(second.pid!)} ${place()}\n`)
  expect(Date.now() - fs.statSync(lock()).mtimeMs).toBeLessThan(2_500)
  expect(await ended).toBe(0)
  expect(fs.existsSync(lock())).toBe(false)
})

test('a lockfile that npm finished for is named by its digest', () => {
  run(npm(bringsNode()))
  const digest = createHash('sha256').update('{"packages":{"":{}}}').digest('hex')
  expect(fs.readFileSync(path.join(checkout, 'node_modules', '.installed-for'), 'utf8')).toContain(digest)
})

test('what an old Node’s npm leaves out is added by the Node that the project brings', () => {
  const native = { optional: true, os: ['linux'], cpu: [process.arch], libc: ['glibc'] }
  const lockfile = { packages: { '': {}, 'node_modules/native': native } }
  fs.writeFileSync(path.join(checkout, 'package-lock.json'), JSON.stringify(lockfile))
  const calls = path.join(checkout, 'calls')
  const does = `fs.appendFileSync(${JSON.stringify(calls)}, process.argv[2] + ' ');
    if (process.argv[2] === 'ci') { ${bringsNode()} } else fs.mkdirSync(${JSON.stringify(path.join(checkout, 'node_modules/native'))})`
  expect(run(npm(does))).toMatchObject({ status: 0 })
  expect(fs.readFileSync(calls, 'utf8')).toBe('ci install ')
})
