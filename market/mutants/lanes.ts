// The lanes of a mutant run: each a copy of the tree, a PostgreSQL server and a process that runs tests there.

import { type ChildProcess, fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type EmbeddedPostgres, startPostgres } from '@scratchless/office/postgres/start-postgres'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { TEST_DATABASE_URL } from '../../office/testing/test-database.ts'
import type { LaneAnswer, LaneTask } from './lane.ts'
import { copyTree } from './tree.ts'

/** Starting vitest takes about two seconds; on a busy machine much longer. */
const START_WITHIN_MS = 60_000
const TEMPORARY = 'tmp'

export class Lane {
  readonly folder: string
  readonly #server: EmbeddedPostgres
  #process: ChildProcess | null = null
  #changed: string[] = []

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.folder = folder
    this.#server = server
  }

  static async open(root: string, files: readonly string[], place: string): Promise<Lane> {
    const folder = path.join(place, 'tree')
    fs.mkdirSync(path.join(place, TEMPORARY), { recursive: true })
    copyTree(root, files, folder)
    const server = await startPostgres({
      folder: path.join(place, 'postgres'),
      random: systemRandom,
      durable: false,
    })
    return new Lane(folder, server)
  }

  /** Writes a file of the copy; the next run sees it. */
  write(file: string, text: string): void {
    const target = path.join(this.folder, file)
    fs.writeFileSync(target, text)
    this.#changed.push(target)
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.folder, file), 'utf8')
  }

  /** Runs one test file; null where it did not end in time. */
  async run(
    test: string,
    options: { active?: string; passed?: string; withinMs: number },
  ): Promise<LaneAnswer | null> {
    this.#process ??= await this.#start()
    const child = this.#process
    const task: LaneTask = {
      test,
      active: options.active ?? null,
      passed: options.passed ?? null,
      changed: this.#changed.splice(0),
    }
    child.send(task)
    const answer = await heard<LaneAnswer>(child, options.withinMs)
    if (answer === null) await this.#end()
    return answer
  }

  /** What the tests of a mutant left on the server: databases, templates too where the schema was another. */
  async dropDatabases(kind: 'test' | 'test and template'): Promise<void> {
    const client = new pg.Client({ connectionString: this.#server.adminUrl })
    await client.connect()
    try {
      const { rows } = await client.query<{ name: string }>(
        'SELECT datname AS name FROM pg_database WHERE datname ~ $1',
        [kind === 'test' ? '^test_' : '^(test|template)_'],
      )
      for (const { name } of rows)
        await client.query(`DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`)
    } finally {
      await client.end()
    }
  }

  async close(): Promise<void> {
    await this.#end()
    await this.#server.stop()
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(path.join(this.folder, 'market/mutants/lane.ts'), {
      cwd: this.folder,
      // A group of its own, so that what its tests started ends with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {
        ...process.env,
        [TEST_DATABASE_URL]: this.#server.adminUrl,
        // What killed tests leave behind goes with the run.
        TMPDIR: path.join(path.dirname(this.folder), TEMPORARY),
        // Programs that tests start find the tools by name, as under `npm run`.
        PATH: `${path.join(this.folder, 'node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      },
    })
    if ((await heard<string>(child, START_WITHIN_MS)) !== 'ready') {
      killGroup(child)
      throw new Error('vitest could not be started in the copy of the tree')
    }
    return child
  }

  async #end(): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#process = null
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    killGroup(child)
    await ended
  }
}

/** A folder for everything that a run makes, removed by `close`. Its name is short: sockets below it have 107 bytes. */
export function openWorkplace(): { folder: string; close(): void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mutants-'))
  fs.chmodSync(folder, 0o755)
  return { folder, close: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

function heard<Message>(child: ChildProcess, withinMs: number): Promise<Message | null> {
  return new Promise((done) => {
    const end = (message: Message | null) => {
      clearTimeout(timer)
      child.off('message', end).off('exit', gone)
      done(message)
    }
    const gone = () => end(null)
    const timer = setTimeout(gone, withinMs)
    child.once('message', end).once('exit', gone)
  })
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch (error) {
    // It ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
