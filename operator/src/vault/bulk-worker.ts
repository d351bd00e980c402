// A worker thread of the vault.

import { join } from 'node:path'
import { workerData } from 'node:worker_threads'
import { unlockKeyFolder } from '@scratchless/keys/party-keys'
import { checkConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { serveJobs } from '@scratchless/program/worker-threads'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { operatorVaultSettings } from '../settings.ts'
import { bulkJobs, type WorkerGiven } from './bulk-jobs.ts'
import { loadVaultNeeds, WORKER_CONNECTIONS } from './vault-needs.ts'

const { plainSettings, passphrase } = workerData as WorkerGiven
const settings = checkConfig("the vault's settings", plainSettings, operatorVaultSettings)
const keys = unlockKeyFolder(join(settings.keysFolder, 'vault'), passphrase)
const needs = loadVaultNeeds(settings, keys, {
  clock: systemClock,
  random: systemRandom,
  log: createLog({ program: settings.party, process: 'vault worker', clock: systemClock }),
  connections: WORKER_CONNECTIONS,
})
serveJobs(needs.then((loaded) => bulkJobs(loaded, settings.stockHttp)))
