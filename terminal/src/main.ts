// The terminal: keeps its api process and its card process alive. `node terminal/src/main.ts --config FILE`

import { mkdirSync } from 'node:fs'
import { ConfigProblem, configPath, readConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { systemClock } from '@scratchless/voucher/clock'
import { type Config, configSchema } from './config.ts'

let file: string
let config: Config
try {
  file = configPath()
  config = readConfig(file, configSchema)
} catch (problem) {
  if (!(problem instanceof ConfigProblem)) throw problem
  process.stderr.write(`${problem.message}\n`)
  process.exit(2)
}

mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })
const args = ['--config', file]
runProgram({
  children: [
    { name: 'card', module: new URL('./card.ts', import.meta.url), args, env: wipedMemory(process.env) },
    { name: 'api', module: new URL('./api.ts', import.meta.url), args, env: wipedMemory(process.env) },
  ],
  cwd: config.dataFolder,
  log: createLog({ program: 'terminal', process: 'main', clock: systemClock }, process.stderr),
})
