// A market in which every line but the printers' is listened to. The printers' lines carry tickets, which are paper;
// the operators' stock listeners carry the clerks' own clear files into the vault, which is what they are for.

import fs from 'node:fs'
import path from 'node:path'
import type { MarketSettings } from '../demo/ceremony.ts'
import type { DataFolder } from '../demo/data-folder.ts'
import { httpPerson } from '../demo/http-person.ts'
import { type Market, STAFF, startMarket } from '../demo/start-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { startTap, type Tap } from '../line/tap.ts'
import { descendants } from './haystacks.ts'

export interface ListenedMarket {
  readonly market: Market
  /** By what they listen to. */
  readonly taps: ReadonlyMap<string, Tap>
  stop(): Promise<void>
}

/** Opens a market with two terminals: one on plain frames, one on TLS. */
export async function startListenedMarket(data: DataFolder): Promise<ListenedMarket> {
  const taps = new Map<string, Tap>()
  const tapPort = async (name: string, port: number) => {
    const tap = taps.get(name) ?? (await startTap({ host: '127.0.0.1', port }))
    taps.set(name, tap)
    return tap.port
  }
  const market = await startMarket(data, {
    databaseUrl: null,
    terminals: 2,
    unpaced: true,
    onPaper: () => {},
    say: () => {},
    adjust: (settings) => tapSettings(settings, tapPort),
  })

  async function stop() {
    await market.stop()
    await Promise.all([...taps.values()].map((tap) => tap.stop()))
  }

  try {
    await tapPrivateLines(market, taps)
    return { market: await throughTaps(market, tapPort), taps, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type TapPort = (name: string, port: number) => Promise<number>

interface OfficeFile {
  database: Record<string, string>
  partners: { party: string; url: string }[]
}
interface TerminalFile {
  centre: { transport: string; url: string; frames: { host: string; port: number } }
}

/** Between the parties, and between offices and their databases. */
async function tapSettings(settings: MarketSettings, tapPort: TapPort): Promise<void> {
  for (const { party, config } of settings.offices) {
    const known = read<OfficeFile>(config)
    for (const [role, url] of Object.entries(known.database))
      known.database[role] = await tapped(url, `${party} ${role} to database`, tapPort)
    for (const partner of known.partners)
      partner.url = await tapped(partner.url, `${party} to ${partner.party}`, tapPort)
    fs.writeFileSync(config, JSON.stringify(known))
  }
  for (const [index, { name, config }] of settings.terminals.entries()) {
    const known = read<TerminalFile>(config)
    const { centre } = known
    if (index === 0) {
      centre.transport = 'frames'
      centre.frames.port = await tapPort(`${name} to centre, frames`, centre.frames.port)
    } else centre.url = await tapped(centre.url, `${name} to centre, TLS`, tapPort)
    fs.writeFileSync(config, JSON.stringify(known))
  }
}

function read<T>(file: string): T {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as T
}

async function tapped(url: string, name: string, tapPort: TapPort): Promise<string> {
  const address = new URL(url)
  address.port = String(await tapPort(name, Number(address.port)))
  return address.href
}

/** The lines between the processes of one program: the socket is moved aside, and whoever speaks on it is started anew. */
async function tapPrivateLines(market: Market, taps: Map<string, Tap>): Promise<void> {
  const programs = [
    ...market.settings.offices.map(({ party }) => ({ name: party, socket: 'vault.sock' })),
    ...market.settings.terminals.map(({ name }) => ({ name, socket: 'card.sock' })),
  ]
  for (const { name, socket } of programs) {
    const file = market.data.path(name, 'run', socket)
    const aside = `${file}.aside`
    fs.renameSync(file, aside)
    taps.set(`${name}, private line`, await startTap({ path: aside }, file))
    // Whoever might speak on the one may speak on the other.
    const { uid, gid, mode } = fs.statSync(aside)
    fs.chownSync(file, uid, gid)
    fs.chmodSync(file, mode)
    const api = apiOf(market.data.path(name))
    if (api === undefined) throw new Error(`${name} has no api process`)
    process.kill(api, 'SIGKILL')
    await waitUntil(`${name}'s api process`, async () => {
      const next = apiOf(market.data.path(name))
      return next !== undefined && next !== api ? next : null
    })
  }
}

/** The api process of the program that works in this folder. */
export function apiOf(folder: string): number | undefined {
  return descendants().find(
    ({ pid, command }) => /\/src\/api\.ts( |$)/.test(command) && worksIn(pid) === path.resolve(folder),
  )?.pid
}

function worksIn(pid: number): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return '' // it ended while we looked
  }
}

/** The same market for people whose lines to the screens are listened to. */
async function throughTaps(market: Market, tapPort: TapPort): Promise<Market> {
  const offices = new Map(market.offices)
  for (const { party, address } of market.offices.values()) {
    const staff = httpPerson(await tapped(address, `staff of ${party}`, tapPort))
    await waitUntil(`${party}'s screen`, async () => {
      const body = { signInName: STAFF.signInName, password: STAFF.password }
      return staff.post('/api/sign-in', body).catch(notYet)
    })
    offices.set(party, { ...market.offices.get(party)!, staff })
  }
  const terminals = await Promise.all(
    market.terminals.map(async (terminal) => {
      const address = await tapped(terminal.address, `screen of ${terminal.name}`, tapPort)
      await waitUntil(`${terminal.name}'s screen`, () => httpPerson(address).get('/api/state').catch(notYet))
      return { ...terminal, address, visit: () => httpPerson(address) }
    }),
  )
  return { ...market, offices, terminals }
}

/** The process was started a moment ago: nobody listens yet. */
function notYet(error: NodeJS.ErrnoException): null {
  if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET' || error.message === 'socket hang up')
    return null
  throw error
}
