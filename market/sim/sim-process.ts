// A process of the simulation: it dies just before or just after one of its durable writes, and from then on nothing
// that its flows still try has any effect. What it held in memory is dropped with it; the stores stay.

import type { Pool, SqlClient } from '@scratchless/office/database/database'
import { type PrivateLine, PrivateLineLost, type Verbs } from '@scratchless/program/private-line'
import type { Store } from '@scratchless/terminal/store/connect-store'
import type pg from 'pg'

/** Thrown through the flows of a process that has died. */
export class Crash extends Error {
  override name = 'Crash'
}

export type ProcessName = 'operator-api' | 'operator-vault' | 'centre-api' | 'centre-vault' | 'terminal'

export interface CrashPoint {
  /** Counted from 1, from the moment it was set. */
  readonly write: number
  readonly when: 'before' | 'after'
}

export interface SimProcess {
  readonly name: ProcessName
  alive: boolean
  crashAt: CrashPoint | null
  /** Durable writes so far; whoever looks at the stores looks again when it has moved. */
  writes: number
}

export function newProcess(name: ProcessName): SimProcess {
  return { name, alive: true, crashAt: null, writes: 0 }
}

/** Dies at once. Always throws. */
export function die(process: SimProcess): never {
  process.alive = false
  throw new Crash(process.name)
}

function assertAlive(process: SimProcess): void {
  if (!process.alive) throw new Crash(process.name)
}

/** Whether the process dies at the write that stands before it; counts down. */
function due(process: SimProcess): CrashPoint['when'] | null {
  process.writes++
  const point = process.crashAt
  if (point === null) return null
  if (point.write > 1) {
    process.crashAt = { ...point, write: point.write - 1 }
    return null
  }
  process.crashAt = null
  return point.when
}

export type Values = readonly unknown[] | undefined
type RunStatement = (text: string, values: Values) => Promise<pg.QueryResult>
/** A planted bug's hand on a statement; without one it is `run(text, values)`. `on`: its connection. */
export type StatementHook = (
  process: ProcessName,
  on: object,
  text: string,
  values: Values,
  run: RunStatement,
) => Promise<pg.QueryResult>

const WRITES = /^\s*(INSERT|UPDATE|DELETE)\b/i

const names = new Map<string, string>()

/** Prepared once a connection: the simulator sends the same few hundred statements a million times. */
export function prepared(text: string, values: Values) {
  if (values === undefined) return { text }
  let name = names.get(text)
  if (name === undefined) {
    name = `sim${names.size}`
    names.set(text, name)
  }
  return { name, text, values: [...values] }
}

/** The database as a process has it. */
export function poolOf(real: Pool, process: SimProcess, hook: StatementHook | null): Pool {
  const runBy =
    (client: Pick<pg.ClientBase, 'query'>): RunStatement =>
    (text, values) =>
      client.query(prepared(text, values))

  async function statement(
    client: Pick<pg.ClientBase, 'query'>,
    text: string,
    values: Values,
    inTransaction: boolean,
  ) {
    if (text === 'ROLLBACK') return client.query(text)
    assertAlive(process)
    const run = hook === null ? runBy(client) : hookedBy(client)
    const isWrite = text === 'COMMIT' || (!inTransaction && WRITES.test(text))
    if (!isWrite) {
      const result = await run(text, values)
      assertAlive(process)
      return result
    }
    const when = due(process)
    if (when === 'before') {
      if (inTransaction) await client.query('ROLLBACK')
      die(process)
    }
    const result = await run(text, values)
    if (when === 'after') die(process)
    return result
  }

  function hookedBy(client: Pick<pg.ClientBase, 'query'>): RunStatement {
    return (text, values) => hook!(process.name, client, text, values, runBy(client))
  }

  function clientOf(client: SqlClient): SqlClient {
    return new Proxy(client, {
      get(target, property) {
        if (property === 'query')
          return (first: string | pg.Submittable, values?: Values) => {
            if (typeof first === 'string') return statement(target, first, values, true)
            assertAlive(process)
            return target.query(first)
          }
        const value = Reflect.get(target, property, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  const pool: Pick<Pool, 'connect'> & { query: unknown } = {
    query: (text: string, values?: Values) => statement(real, text, values, false),
    async connect() {
      assertAlive(process)
      return clientOf(await real.connect())
    },
  }
  return pool as unknown as Pool
}

/** The verbs of a vault, as the api has them: a vault that dies under a call is a line that was lost. */
export function lineTo<V extends Verbs>(
  caller: SimProcess,
  verbs: () => V,
  restart: () => Promise<void>,
): PrivateLine<V> {
  return new Proxy({} as PrivateLine<V>, {
    get: (_target, verb: string) => async (argument: unknown) => {
      assertAlive(caller)
      try {
        const answer = await verbs()[verb]!(argument)
        assertAlive(caller)
        return answer
      } catch (problem) {
        assertAlive(caller)
        if (!(problem instanceof Crash)) throw problem
        await restart()
        throw new PrivateLineLost(`${verb}: the vault died`)
      }
    },
  })
}

/** A terminal's store as its process has it. */
export function storeOf(real: Store, process: SimProcess): Store {
  const commit = {
    run() {
      assertAlive(process)
      const when = due(process)
      if (when === 'before') die(process)
      const result = real.statement('COMMIT').run()
      if (when === 'after') die(process)
      return result
    },
  }
  return {
    statement(sql) {
      if (sql === 'COMMIT') return commit as ReturnType<Store['statement']>
      if (sql !== 'ROLLBACK') assertAlive(process)
      return real.statement(sql)
    },
    transaction: real.transaction,
    close: () => real.close(),
  }
}
