// The till's screen is built from its sources once, and again when one of them changed.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { whyNotWritten } from '@scratchless/program/disk-trouble'

const root = path.dirname(path.dirname(import.meta.dirname))
const dist = path.join(root, 'terminal', 'touch', 'dist')
const stamp = path.join(dist, '.built-from')

/** Builds `terminal/touch/dist` where it is missing or old. Rejects with one sentence where it cannot. */
export async function buildTouchScreen(): Promise<void> {
  const wanted = digestOfSources()
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  // A bundler cuts paths at # and ?, so it is given the checkout under a name that has none.
  const plain = fs.mkdtempSync(path.join(os.tmpdir(), 'touch-'))
  try {
    const touch = path.join(plain, 'checkout', 'terminal', 'touch')
    fs.symlinkSync(root, path.join(plain, 'checkout'))
    const config = path.join(touch, 'vite.config.ts')
    await run([vite, 'build', touch, '--config', config, '--configLoader', 'native'])
  } finally {
    fs.rmSync(plain, { recursive: true })
  }
  fs.writeFileSync(stamp, wanted)
}

/** Rejects with one sentence where it fails. */
async function run(command: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const code = await new Promise((done) => child.on('exit', done))
  if (code !== 0)
    throw new Error(
      `The till's screen could not be built: ${whyNotWritten(said) ?? said.match(/^.*\bError: .*/m)?.[0] ?? said.trim().split('\n').at(-1)}`,
    )
}

function digestOfSources(): string {
  const hash = createHash('sha256')
  for (const folder of ['ui', 'terminal', 'program/contract', 'voucher', 'package-lock.json']) {
    for (const file of filesBelow(path.join(root, folder))) hash.update(file).update(fs.readFileSync(file))
  }
  return hash.digest('hex')
}

function filesBelow(place: string): string[] {
  if (!fs.statSync(place).isDirectory()) return [place]
  return fs
    .readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist' && name !== 'node_modules')
    .flatMap((entry) => filesBelow(path.join(place, entry.name)))
    .sort()
}
