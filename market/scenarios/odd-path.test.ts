// The market from a checkout whose path has what addresses, shells and bundlers take for their own: the sources are
// copied there; the packages, which are not ours, are linked.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const MINUTE_MS = 60_000
const root = path.join(import.meta.dirname, '..', '..')

let parent: string
let checkout: string
beforeAll(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'odd-'))
  // Each process runs under an account of its own, and reads its code.
  fs.chmodSync(parent, 0o755)
  checkout = path.join(parent, `a #b%41?c é'd`)
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  for (const file of listed.toString().split('\0')) {
    if (file === '' || /^(docs|vectors)\//.test(file) || !fs.existsSync(path.join(root, file))) continue
    fs.mkdirSync(path.join(checkout, path.dirname(file)), { recursive: true })
    fs.copyFileSync(path.join(root, file), path.join(checkout, file))
  }
  linkPackages()
})
afterAll(() => fs.rmSync(parent, { recursive: true, force: true }))

function linkPackages(): void {
  const [from, to] = [path.join(root, 'node_modules'), path.join(checkout, 'node_modules')]
  const own = path.join(from, '@scratchless')
  fs.mkdirSync(path.join(to, '@scratchless'), { recursive: true })
  for (const name of fs.readdirSync(own))
    fs.symlinkSync(
      path.join(checkout, path.basename(fs.realpathSync(path.join(own, name)))),
      path.join(to, '@scratchless', name),
    )
  for (const name of fs.readdirSync(from).filter((name) => !['@scratchless', '.cache'].includes(name)))
    fs.symlinkSync(path.join(from, name), path.join(to, name))
}

function run(program: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', path.join(checkout, 'market', program), ...options],
    { cwd: checkout, encoding: 'utf8', timeout: 2 * MINUTE_MS, killSignal: 'SIGINT' },
  )
  return { status, said: stdout + stderr, lines: stdout.trim().split('\n') }
}

test('it starts, sells and is audited from there, its screen is built, and its data lies there', {
  timeout: 4 * MINUTE_MS,
}, () => {
  const started = run('start.ts', '--once', '--json')
  expect(started.said).toContain('"ok":true')
  expect(started.status).toBe(0)
  const { ticket } = JSON.parse(started.lines.at(-1)!)
  expect(ticket.files.picture.startsWith(path.join(checkout, 'data'))).toBe(true)
  expect(fs.existsSync(path.join(checkout, 'terminal', 'touch', 'dist', 'index.html'))).toBe(true)
  const audited = run('audit.ts', '--data', path.join(checkout, 'data'))
  expect(audited.said).not.toContain('BROKEN')
  expect(audited.status).toBe(0)
})
