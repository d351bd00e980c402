// A copy of the checkout to plant bugs in: its files, and its packages by links. Our own packages are linked to the
// copy, or tests of one would import the others unplanted.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const OURS = '@scratchless'

/** What git knows or would add, as it stands in the working tree. */
export function filesOfTree(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return [...new Set(listed.split('\0'))]
    .filter((file) => file !== '' && fs.existsSync(path.join(root, file)))
    .sort()
}

export function copyTree(root: string, files: readonly string[], to: string): void {
  // Programs that run under accounts of their own read it, too.
  fs.mkdirSync(to, { recursive: true, mode: 0o755 })
  for (const file of files) {
    const target = path.join(to, file)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.copyFileSync(path.join(root, file), target)
  }
  // The screen as built: tests that open it would build it again in each copy.
  const screen = 'terminal/touch/dist'
  if (fs.existsSync(path.join(root, screen)))
    fs.cpSync(path.join(root, screen), path.join(to, screen), { recursive: true })
  linkPackages(root, to)
}

function linkPackages(root: string, to: string): void {
  const from = fs.realpathSync(path.join(root, 'node_modules'))
  const modules = path.join(to, 'node_modules')
  fs.mkdirSync(path.join(modules, OURS), { recursive: true })
  for (const name of fs.readdirSync(from))
    if (name !== OURS && !name.startsWith('.vite'))
      fs.symlinkSync(path.join(from, name), path.join(modules, name))
  for (const name of fs.readdirSync(path.join(from, OURS)))
    fs.symlinkSync(path.join('..', '..', name), path.join(modules, OURS, name))
}
