// Which parties a data folder holds, by the settings of their programs.

import fs from 'node:fs'
import path from 'node:path'
import type { AuditorUrls } from '@scratchless/office/audit/run-checks'
import { readConfigFile } from '@scratchless/program/config-file'
import { DEVICE_KEY_FILE, STORE_FILE } from '@scratchless/terminal/config'

export interface PartiesFound {
  readonly terminals: readonly TerminalFound[]
  readonly centre: Office
  readonly operators: readonly Office[]
}

export interface TerminalFound {
  readonly name: string
  readonly storeFile: string
  /** Its device has a key, so it had a store. */
  readonly madeBefore: boolean
}

export interface Office {
  readonly party: string
  /** The databases' addresses with the auditor's role. */
  readonly auditorUrls: AuditorUrls
}

interface Settings {
  readonly party?: string
  readonly database?: { readonly auditor: string }
  readonly vaultDatabase?: { readonly auditor: string }
  readonly supplyHttps?: unknown
}

/** Throws one sentence where the folder holds no market. */
export function findParties(dataDir: string): PartiesFound {
  const found = fs.existsSync(dataDir)
    ? fs.readdirSync(dataDir).flatMap((name) => {
        const config = path.join(dataDir, name, 'config.json')
        if (!fs.existsSync(config)) return []
        return [{ name, settings: readConfigFile(config) as Settings }]
      })
    : []
  const offices = found.flatMap(({ name, settings: { database, vaultDatabase, supplyHttps } }) => {
    if (!database) return []
    if (!vaultDatabase)
      throw new Error(
        `${dataDir} is of the first release: npm start -- --migrate-only --data ${dataDir} brings it up to date.`,
      )
    const auditorUrls = { books: database.auditor, vault: vaultDatabase.auditor }
    return [{ party: name, auditorUrls, isCentre: supplyHttps !== undefined }]
  })
  const centre = offices.find(({ isCentre }) => isCentre)
  if (!centre) throw new Error(`${dataDir} holds no market: npm start makes one, --data names its folder.`)
  return {
    terminals: found
      .filter(({ settings }) => !settings.database)
      .map(({ name }) => ({
        name,
        storeFile: path.join(dataDir, name, STORE_FILE),
        madeBefore: fs.existsSync(path.join(dataDir, name, DEVICE_KEY_FILE)),
      }))
      // A terminal that was never started has no store, and nothing to be looked at.
      .filter(({ storeFile, madeBefore }) => madeBefore || fs.existsSync(storeFile)),
    centre,
    operators: offices.filter(({ isCentre }) => !isCentre),
  }
}
