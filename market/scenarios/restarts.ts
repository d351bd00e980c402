// Processes of a market that are ended, and are started again by whoever looks after them.

import { spawn } from 'node:child_process'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { passphraseOf } from '../demo/passphrases.ts'
import type { Market } from '../demo/start-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { processesOf } from './processes.ts'

const root = path.dirname(path.dirname(import.meta.dirname))

/** Kills each office's vault. Returns how many were started again. */
export async function restartVaults({ settings }: Market): Promise<number> {
  for (const { party } of settings.offices) await endAndAwait(`${party}/vault`, 'SIGKILL')
  return settings.offices.length
}

/** By the command that an office has for it; the program takes the certificate up at its next start. */
export async function renewTls({ data, offices }: Market, party: string): Promise<void> {
  const command = path.join(root, 'keys', 'renew-tls.ts')
  const folder = data.path(party, 'keys')
  const renewal = spawn(process.execPath, [command, '--keys', folder, '--passphrase-fd', '3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const pipe = renewal.stdio[3] as Writable
  pipe.end(passphraseOf(data, party))
  const code = await new Promise((ended) => renewal.once('exit', ended))
  if (code !== 0) throw new Error(`${party}: its TLS certificate was not renewed: exit ${code}`)
  await endAndAwait(`${party}/main`, 'SIGTERM')
  await waitUntil(`${party}: its screen`, async () => {
    const answer = await offices
      .get(party)!
      .staff.tryGet('/api/session')
      .catch((problem: Error & { status?: number }) => (problem.status === undefined ? 'none' : null))
    return answer === 'none' ? null : true
  })
}

async function endAndAwait(kind: string, signal: NodeJS.Signals): Promise<void> {
  const find = () => processesOf(process.pid).find((one) => one.kind === kind)?.pid
  const before = find()
  if (before === undefined) throw new Error(`${kind} is not there`)
  process.kill(before, signal)
  await waitUntil(`${kind} is started again`, async () => {
    const now = find()
    return now === undefined || now === before ? null : true
  })
}
