// The real program over a store that is not whole: it says so and ends, and begins anew when it is told to.

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@scratchless/program/http/listen'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TillState } from './till/till-contract.ts'

let folder: string
let config: string
let port: number
let child: ChildProcess | null = null
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'damaged-'))
  config = join(folder, 'config.json')
  port = await freePort()
  const settings = {
    dataFolder: folder,
    http: { port },
    centre: {
      ...{ transport: 'frames', url: 'https://127.0.0.1:1/supply' },
      ...{ tlsAuthority: '-----BEGIN CERTIFICATE-----', tlsPin: '0'.repeat(64) },
      frames: { host: '127.0.0.1', port: 1 },
    },
    printer: { host: '127.0.0.1', port: 1 },
    card: { class: 'file', folder: 'card', allowFileCard: true },
    accounts: { api: 61_187, card: 61_188 },
  }
  writeFileSync(config, JSON.stringify(settings))
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Resolves when it serves, or has ended: with what it said. */
function start(...options: string[]): Promise<{ ended: number | null; said: string }> {
  let said = ''
  child = fork(new URL('./main.ts', import.meta.url), ['--config', config, ...options], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  child.stderr!.on('data', (data) => {
    said += data
  })
  return new Promise((resolve) => {
    child!.once('message', () => resolve({ ended: null, said }))
    child!.once('close', (code) => resolve({ ended: code, said }))
  })
}

async function stop(): Promise<void> {
  if (child === null || child.exitCode !== null) return
  const gone = new Promise((resolve) => child!.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

async function state(): Promise<TillState> {
  return (await fetch(`http://127.0.0.1:${port}/api/state`)).json() as Promise<TillState>
}

test('it ends with a sentence, changes nothing, and begins anew beside what is left', async () => {
  expect((await start()).ended).toBeNull()
  await stop()
  const store = join(folder, 'store', 'terminal.sqlite')
  const key = readFileSync(join(folder, 'keys', 'supply-sign.pub'), 'utf8')
  const whole = readFileSync(store)
  const damaged = Buffer.concat([whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length / 2)])
  writeFileSync(store, damaged)

  const { ended, said } = await start()
  expect(ended).toBe(1)
  const sentences = said.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  expect(sentences).toEqual([
    expect.stringMatching(/^store\/terminal\.sqlite: the store is damaged .*--begin-anew/),
  ])
  expect(readFileSync(store).equals(damaged)).toBe(true)

  expect((await start('--begin-anew')).ended).toBeNull()
  expect(await state()).toMatchObject({ enrolment: 'none', terminal: null })
  await stop()
  const kept = readdirSync(folder)
    .filter((name) => name.includes('.damaged-'))
    .sort()
  expect(kept).toEqual([
    expect.stringMatching(/^keys\.damaged-\d{8}T\d{6}$/),
    expect.stringMatching(/^store\.damaged-/),
  ])
  expect(readFileSync(join(folder, kept[1]!, 'terminal.sqlite')).equals(damaged)).toBe(true)
  expect(readFileSync(join(folder, kept[0]!, 'supply-sign.pub'), 'utf8')).toBe(key)
  expect(readFileSync(join(folder, 'keys', 'supply-sign.pub'), 'utf8')).not.toBe(key)
})

test('a store that is whole is never put aside', async () => {
  await start()
  await stop()
  expect((await start('--begin-anew')).ended).toBeNull()
  expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toEqual([])
})

test('a store that was emptied is not taken for a new one', async () => {
  await start()
  await stop()
  writeFileSync(join(folder, 'store', 'terminal.sqlite'), '')
  expect(await start()).toMatchObject({ ended: 1, said: expect.stringContaining('the store is empty') })
  rmSync(join(folder, 'store', 'terminal.sqlite'))
  expect(await start()).toMatchObject({ ended: 1, said: expect.stringContaining('the store is gone') })
})
