import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { insertRequest, lastSequence } from '../supply/request.sql.ts'
import { connectStoreForReading, type Store } from './connect-store.ts'
import { connectWholeStore, setAside, storeTrouble } from './whole-store.ts'

let parent: string
let folder: string
/** As a kill leaves them: the last hundred requests stand in the journal alone. */
let killed: string
/** The same before anything was done. */
let killedAtOnce: string
/** As a stop leaves it. */
let stopped: string
const file = (name = '') => join(folder, `terminal.sqlite${name}`)

function fill(store: Store, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    const bytes = Buffer.alloc(500, sequence)
    const request = {
      sequence,
      kind: 'sales-report',
      frame: bytes,
      payloadHash: Buffer.alloc(32),
      level: 1,
    } as const
    store.transaction(() => insertRequest(store, request, 1))
  }
}

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'store-'))
  ;[stopped, killed, killedAtOnce] = ['stopped', 'killed', 'killed-at-once'].map((name) =>
    join(parent, name),
  ) as [string, string, string]
  mkdirSync(stopped)
  const path = join(stopped, 'terminal.sqlite')
  const store = connectWholeStore(path, false)
  fill(store, 1, 100)
  store.close()
  const again = connectWholeStore(path, true)
  fill(again, 101, 200)
  cpSync(stopped, killed, { recursive: true, filter: (source) => !source.endsWith('-shm') })
  again.close()
  const atOnce = connectWholeStore(path, true)
  cpSync(stopped, killedAtOnce, { recursive: true, filter: (source) => !source.endsWith('-shm') })
  atOnce.close()
})
afterAll(() => rmSync(parent, { recursive: true }))
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
})

/** Every file's content, what SQLite shares between processes apart. */
function contents(): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name)).toString('latin1')]))
}

test.each([
  ['stopped', () => stopped],
  ['killed', () => killed],
  ['killed at once', () => killedAtOnce],
])('a store that was %s is gone on with, and lacks nothing', (_, left) => {
  cpSync(left(), folder, { recursive: true })
  for (let life = 0; life < 2; life++) {
    const store = connectWholeStore(file(), true)
    expect(lastSequence(store)).toBe(200)
    expect(existsSync(file('-open'))).toBe(true)
    store.close()
    expect(existsSync(file('-open'))).toBe(false)
  }
})

test('a device that never had a store gets one, also where the first start was cut off', () => {
  connectWholeStore(file(), false).close()
  rmSync(file())
  writeFileSync(file(), '')
  const store = connectWholeStore(file(), false)
  expect(lastSequence(store)).toBe(0)
  store.close()
  rmSync(file())
  const headOnly = new DatabaseSync(file())
  headOnly.exec('PRAGMA page_size = 1024; PRAGMA journal_mode = WAL')
  headOnly.close()
  expect(statSync(file()).size).toBe(1_024)
  connectWholeStore(file(), false).close()
})

const empty = (name: string) => writeFileSync(file(name), '')
const garbage = (name: string) =>
  writeFileSync(file(name), Buffer.alloc(statSync(file(name)).size, 'no store '))
const cut = (name: string, bytes: number) => truncateSync(file(name), bytes)
const half = () => Math.floor(statSync(file()).size / 2048) * 1024

test.each<[string, () => string, () => void, string]>([
  ['emptied', () => stopped, () => empty(''), 'the store is empty'],
  ['emptied beside its journal', () => killed, () => empty(''), 'the store is empty'],
  ['garbage', () => stopped, () => garbage(''), 'it is no store of a terminal'],
  ['cut to less than its head', () => stopped, () => cut('', 10), 'it is no store of a terminal'],
  ['cut to its head', () => stopped, () => cut('', 100), 'the store is damaged'],
  ['cut to one page', () => stopped, () => cut('', 1_024), 'the store is damaged'],
  ['cut to half of its pages', () => stopped, () => cut('', half()), 'the store is damaged'],
  ['cut within a page', () => stopped, () => cut('', half() + 7), 'the store is damaged'],
  [
    'short of its last page',
    () => stopped,
    () => cut('', statSync(file()).size - 1_024),
    'the store is damaged',
  ],
  ['overwritten in its middle', () => stopped, overwriteMiddle, 'the store is damaged'],
  ['another program’s', () => stopped, anotherDatabase, 'the store is damaged (its tables are missing)'],
  ['gone', () => stopped, () => rmSync(file()), 'the store is gone, and the key of this device is left'],
  [
    'gone, its journal left',
    () => killed,
    () => rmSync(file()),
    'the store is gone, and its journal is left',
  ],
  ['without its journal', () => killed, () => rmSync(file('-wal')), 'its journal is gone'],
  ['beside an emptied journal', () => killed, () => empty('-wal'), 'its journal is gone'],
  ['beside a journal of garbage', () => killed, () => garbage('-wal'), 'its journal is damaged'],
  ['beside a journal cut to its head', () => killed, () => cut('-wal', 32), 'its journal is damaged'],
  ['beside a journal cut in its first page', () => killed, () => cut('-wal', 700), 'its journal is damaged'],
])(
  'a store that is %s is not gone on with: a sentence says what to do, and nothing is changed',
  (_, left, damage, said) => {
    cpSync(left(), folder, { recursive: true })
    damage()
    const before = contents()
    const open = () => connectWholeStore(file(), true)
    expect(open).toThrow(`${file()}: ${said}`)
    expect(open).toThrow(
      /Nothing was changed in it\. .*--begin-anew.* enrol it as a new terminal: the centre lists/,
    )
    expect(contents()).toEqual(before)
  },
)

function overwriteMiddle(): void {
  const whole = readFileSync(file())
  whole.fill(0xff, half(), half() + 4_096)
  writeFileSync(file(), whole)
}

function anotherDatabase(): void {
  rmSync(file())
  const other = new DatabaseSync(file())
  other.exec('CREATE TABLE something (n)')
  other.close()
}

test('a kill while the store is being closed is no loss, with its journal or without', () => {
  for (const left of [stopped, killed]) {
    cpSync(left, folder, { recursive: true })
    writeFileSync(file('-open'), 'the journal is being removed\n')
    expect(storeTrouble(file(), true)).toBeNull()
    const store = connectWholeStore(file(), true)
    expect(lastSequence(store)).toBe(200)
    // An audit that reads meanwhile keeps SQLite from removing the journal: it is looked for next time.
    const audit = connectStoreForReading(file())
    audit.statement('BEGIN').run()
    expect(lastSequence(audit)).toBe(200)
    store.close()
    expect(readFileSync(file('-open'), 'utf8')).toBe('there is a journal\n')
    audit.close()
    expect(storeTrouble(file(), true)).toBeNull()
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
  }
})

test('while SQLite closes the store, the file beside it does not insist on a journal', () => {
  const store = connectWholeStore(file(), false)
  const said: string[] = []
  const close = DatabaseSync.prototype.close
  const spy = vi.spyOn(DatabaseSync.prototype, 'close').mockImplementation(function (this: DatabaseSync) {
    said.push(readFileSync(file('-open'), 'utf8'))
    close.call(this)
  })
  store.close()
  spy.mockRestore()
  expect(said).toEqual(['the journal is being removed\n'])
})

test('a journal that is gone says so also where nobody knows of a key', () => {
  cpSync(killed, folder, { recursive: true })
  rmSync(file())
  expect(storeTrouble(file(), false)).toBe('the store is gone, and its journal is left')
  rmSync(file('-wal'))
  expect(storeTrouble(file(), false)).toBe('the store is gone, and its journal is left')
  rmSync(file('-open'))
  expect(storeTrouble(file(), false)).toBeNull()
})

test('what is kept aside is never kept over another', () => {
  const place = join(folder, 'store')
  const kept = [1, 2, 3].map((content) => {
    mkdirSync(place)
    writeFileSync(join(place, 'file'), String(content))
    return setAside(place, Date.UTC(2026, 10, 25, 8, 30))
  })
  expect(kept[0]).toBe(`${place}.damaged-20261125T083000`)
  expect(kept.map((aside) => readFileSync(join(aside, 'file'), 'utf8'))).toEqual(['1', '2', '3'])
})
