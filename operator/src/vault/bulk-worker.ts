// A worker thread of the vault.

import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openKeyFolder } from '@scratchless/keys/party-keys'
import { checkConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { operatorProcessSettings } from '../settings.ts'
import { bulkJobs, type JobAnswer, type JobMessage } from './bulk-jobs.ts'
import { openVaultNeeds, WORKER_CONNECTIONS } from './vault-needs.ts'

/** What the vault itself was handed. */
export interface WorkerGiven {
  readonly plainSettings: unknown
  readonly passphrase: Uint8Array | null
}

const { plainSettings, passphrase } = workerData as WorkerGiven
const settings = checkConfig("the vault's settings", plainSettings, operatorProcessSettings)
const keys = openKeyFolder(join(settings.keysFolder, 'vault'), passphrase)
const needs = openVaultNeeds(settings, keys, {
  clock: systemClock,
  random: systemRandom,
  log: createLog({ program: settings.party, process: 'vault worker', clock: systemClock }),
  connections: WORKER_CONNECTIONS,
})
const jobs = needs.then((opened) => bulkJobs(opened, settings.stockHttp))

async function run({ id, job, argument }: JobMessage): Promise<JobAnswer> {
  try {
    const work = (await jobs)[job] as (argument: unknown) => Promise<unknown>
    return { id, value: await work(argument) }
  } catch (fault) {
    return { id, fault }
  }
}

parentPort!.on('message', (message: JobMessage) => {
  void run(message).then((answer) => parentPort!.postMessage(answer))
})
