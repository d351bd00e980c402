// Where a market could hold a readable code: its files, its tables, the memory of its processes.

import fs from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { Haystack } from './scan.ts'

const CHUNK_BYTES = 4 * 1024 * 1024

/** Every file below a folder, but for what `isPaper` names. */
export function* filesBelow(folder: string, isPaper: (file: string) => boolean): Generator<Haystack> {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && !isPaper(file)) yield { place: file, chunks: fileChunks(file) }
  }
}

function* fileChunks(file: string): Generator<Buffer> {
  let handle: number
  try {
    handle = fs.openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return // a database recycles its files
    throw error
  }
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const size = fs.readSync(handle, chunk)
      if (size === 0) return
      yield chunk.subarray(0, size)
    }
  } finally {
    fs.closeSync(handle)
  }
}

/** Every table of every database of a server but its own, as COPY writes them: uncompressed, in text and binary. */
export async function tablesOf(adminUrl: string): Promise<Haystack[]> {
  const found: Haystack[] = []
  for (const database of await databasesOf(adminUrl)) {
    const address = new URL(adminUrl)
    address.pathname = `/${database}`
    await withClient(address.href, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        // What is divided into months lies in its parts, which are tables by themselves.
        `SELECT relnamespace::regnamespace || '.' || quote_ident(relname) AS name FROM pg_class
          WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
          ORDER BY 1`,
      )
      for (const { name } of rows) {
        for (const format of ['text', 'binary']) {
          const chunks: Buffer[] = []
          const copy = client.query(copyTo(`COPY ${name} TO STDOUT (FORMAT ${format})`))
          for await (const chunk of copy) chunks.push(chunk as Buffer)
          found.push({ place: `table ${database}.${name} (${format})`, chunks })
        }
      }
    })
  }
  return found
}

async function databasesOf(adminUrl: string): Promise<string[]> {
  let names: string[] = []
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE NOT datistemplate',
    )
    names = rows.map(({ datname }) => datname)
  })
  return names
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

export interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Every process that descends from this one, by Linux's /proc. */
export function descendants(): ProcessFacts[] {
  const all = fs.readdirSync('/proc').flatMap((name): ProcessFacts[] => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1')
      // The name in brackets may hold anything: the parent is the second field after it.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const command = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return [{ pid: Number(name), parent, command }]
    } catch {
      return [] // it ended while we looked
    }
  })
  const found: ProcessFacts[] = []
  const from = [process.pid]
  for (let pid = from.pop(); pid !== undefined; pid = from.pop()) {
    for (const child of all.filter(({ parent }) => parent === pid)) {
      found.push(child)
      from.push(child.pid)
    }
  }
  return found
}

const PAGE_BYTES = 4096
/** A page's entry in /proc/PID/pagemap: in memory, or in swap (Linux, admin-guide/mm/pagemap). */
const PRESENT_OR_SWAPPED = 0xc0
const PAGEMAP_ENTRY_BYTES = 8

/**
 * The memory of a process: every page that it may write to or has made its own. Left out are pages that only show
 * a program's or a library's file, which nothing can have written a code into. Throws where it may not be read.
 */
export function* memoryOf({ pid, command }: ProcessFacts): Generator<Haystack> {
  let maps: string
  try {
    maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1')
  } catch (error) {
    if (isGone(error)) return
    throw error
  }
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r')
  const pagemap = fs.openSync(`/proc/${pid}/pagemap`, 'r')
  try {
    for (const line of maps.split('\n')) {
      const parts = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)$/.exec(line)
      if (parts === null) continue
      const [, start, end, mode, inode, name] = parts as unknown as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      if (name === '[vvar]' || name === '[vsyscall]' || name === '[vvar_vclock]') continue
      if (inode !== '0' && !mode.includes('w')) continue
      yield {
        place: `memory of ${pid} ${command.slice(-80)}, ${name || 'anonymous'} ${mode}`,
        chunks: pagesOf(memory, pagemap, Number(`0x${start}`), Number(`0x${end}`)),
      }
    }
  } finally {
    fs.closeSync(memory)
    fs.closeSync(pagemap)
  }
}

function* pagesOf(memory: number, pagemap: number, start: number, end: number): Generator<Buffer> {
  const pages = (end - start) / PAGE_BYTES
  const chunkPages = CHUNK_BYTES / PAGE_BYTES
  const entries = Buffer.allocUnsafe(chunkPages * PAGEMAP_ENTRY_BYTES)
  for (let page = 0; page < pages; page += chunkPages) {
    const count = Math.min(chunkPages, pages - page)
    const wanted = count * PAGEMAP_ENTRY_BYTES
    if (read(pagemap, entries, wanted, (start / PAGE_BYTES + page) * PAGEMAP_ENTRY_BYTES) !== wanted) return
    let from = 0
    while (from < count) {
      while (from < count && !isHeld(entries, from)) from++
      let to = from
      while (to < count && isHeld(entries, to)) to++
      if (to > from) {
        const chunk = Buffer.allocUnsafe((to - from) * PAGE_BYTES)
        const size = read(memory, chunk, chunk.length, start + (page + from) * PAGE_BYTES)
        if (size > 0) yield chunk.subarray(0, size)
      }
      from = to
    }
  }
}

function isHeld(entries: Buffer, page: number): boolean {
  return (entries[page * PAGEMAP_ENTRY_BYTES + 7]! & PRESENT_OR_SWAPPED) !== 0
}

/** What could be read: a process ends, and a page goes, while we look. */
function read(file: number, target: Buffer, length: number, position: number): number {
  try {
    return fs.readSync(file, target, 0, length, position)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EIO' || code === 'EFAULT' || isGone(error)) return 0
    throw error
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH'
}
