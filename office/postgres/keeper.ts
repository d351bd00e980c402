// Keeps one PostgreSQL server for whoever started this process, and stops it when that one is gone: the
// starter holds the other end of our standard input, so that even its kill -9 closes it.
// Started by start-postgres.ts with one JSON argument; PostgreSQL's own log goes to the file it names.

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { lockFolder } from '@scratchless/program/folder-lock'
import { IN_USE, type KeeperTask } from './keeper-task.ts'

/** PostgreSQL's fast shutdown writes a checkpoint; past this it is stopped at once and recovers at its next start. */
const FAST_STOP_MS = 2_500

const task = JSON.parse(process.argv[2] ?? '') as KeeperTask
if (lockFolder(task.folder) === null) process.exit(IN_USE)
const log = openSync(task.logFile, 'a', 0o600)
// `-D /proc/self/cwd` with cwd set: the server's user needs no right on the folders above its data.
const server = spawn(task.postgres, [...task.args, '-D', '/proc/self/cwd'], {
  cwd: task.dataDir,
  stdio: ['ignore', log, log],
  // A group of its own: a Ctrl-C in the terminal reaches the programs first and the database last.
  detached: true,
  env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH },
  ...task.runAs,
})

let stopping = false
function stop(): void {
  if (stopping) return
  stopping = true
  server.kill('SIGINT')
  setTimeout(() => server.kill('SIGQUIT'), FAST_STOP_MS).unref()
}

server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
server.on('exit', (code) => process.exit(stopping ? 0 : (code ?? 1)))
process.stdin.on('end', stop)
process.stdin.on('close', stop)
process.stdin.resume()
process.on('SIGTERM', stop)
// The terminal's Ctrl-C goes to the whole group; the starter closes our input when its programs have stopped.
process.on('SIGINT', () => undefined)
