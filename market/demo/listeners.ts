// Where the market's programs listen and how a person reaches them, by their settings as they are now: whoever gave one
// another address or TLS finds it there.

import fs from 'node:fs'
import path from 'node:path'
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
