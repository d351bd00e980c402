// Where the market's programs listen and how a person reaches them, by their settings as they are now: whoever gave one
// another address or TLS finds it there.

import fs from 'node:fs'
import { isIPv6 } from 'node:net'
import path from 'node:path'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { readPublicKey } from '@scratchless/keys/party-keys'
import { readConfigFile } from '@scratchless/program/config-file'
import type { Place } from '@scratchless/program/http/listen'
import { addressOf, LOOPBACK, listener } from '@scratchless/program/http/listener'
import type { MarketSettings } from './ceremony.ts'
import { type HttpPerson, httpPerson } from './http-person.ts'

/** A screen's address, and a new visitor to it, signed in as nobody. */
export interface Screen {
  readonly address: string
  visit(): HttpPerson
}

interface SettingsFile {
  readonly dataFolder: string
  readonly [setting: string]: unknown
}

/** The screen of an office (`staffHttp`) or a terminal (`http`). */
export function screenOf(config: string, setting: 'staffHttp' | 'http'): Screen {
  const known = readConfigFile(config) as SettingsFile
  const settings = listener.parse(known[setting])
  const address = addressOf(settings)
  const { tls } = settings
  // Not the certificate's authority but the very certificate: it stands in our own settings.
  const certificate = tls && fs.readFileSync(path.resolve(known.dataFolder, tls.certificate), 'utf8')
  return { address, visit: () => httpPerson(address, certificate) }
}

/** What a terminal must know to reach the centre. */
export interface WayToCentre {
  readonly https: string
  readonly frames: string
  /** The file with the centre's TLS authority, PEM. */
  readonly authority: string
  /** `fingerprintOf` the centre's TLS key. */
  readonly pin: string
}

/** By the settings of the centre. */
export function wayToCentre(config: string): WayToCentre {
  const known = readConfigFile(config) as SettingsFile & { keysFolder: string }
  const keys = path.resolve(known.dataFolder, known.keysFolder)
  const shown = ({ host, port }: Place) => `${isIPv6(host) ? `[${host}]` : host}:${port}`
  return {
    https: `https://${shown(placeOf(known.supplyHttps))}/supply`,
    frames: shown(placeOf(known.frames)),
    authority: path.join(keys, 'authority', 'tls-authority.pem'),
    pin: fingerprintOf(readPublicKey(path.join(keys, 'api'), 'tls')),
  }
}

/** Where a terminal looks for its printer, and so where the emulated one listens. */
export function printerOf(config: string): Place {
  return placeOf((readConfigFile(config) as SettingsFile).printer)
}

/** Every place of this machine where a program of the market listens, by the setting that says so. */
export function listenersOf({
  offices,
  terminals,
}: MarketSettings): readonly (Place & { setting: string })[] {
  return [...offices, ...terminals].flatMap(({ config }) => {
    const known = readConfigFile(config) as SettingsFile
    return LISTENERS.filter((name) => name in known).map((name) => ({
      setting: `${config}: ${name}`,
      ...placeOf(known[name]),
    }))
  })
}

const LISTENERS = ['staffHttp', 'partnerHttps', 'supplyHttps', 'frames', 'stockHttp', 'http', 'printer']

function placeOf(settings: unknown): Place {
  const { host = LOOPBACK, port } = settings as Partial<Place> & { port: number }
  return { host, port }
}
