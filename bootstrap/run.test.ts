import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

// A checkout in small: the bootstrap, a lockfile, and an npm that does what the test says.
let checkout: string

beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'checkout-'))
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
  ['no right to write', 'npm error code EACCES', 'check who owns the checkout'],
  ['something new', 'npm error the moon is full', 'the moon is full'],
])('%s is said in one sentence, and as JSON to who asked for it', (_, said, sentence) => {
  const npmFile = npm(`process.stderr.write(${JSON.stringify(`${said}\n`)}); process.exit(1)`)
  const { status, stdout, stderr } = run(npmFile, '--json')
  expect(status).toBe(1)
  expect(stderr.trim().split('\n').at(-1)).toContain(sentence)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, problem: expect.stringContaining(sentence) })
})

test('an installer that was killed leaves no lock that anybody waits for', () => {
  fs.writeFileSync(path.join(checkout, '.installing'), '999999999')
  expect(run(npm(bringsNode()))).toMatchObject({ status: 0 })
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
