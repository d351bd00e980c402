// A data folder with a large world in it: keys, settings and databases as a start makes them, and then the rows.

import fs from 'node:fs'
import { readConfigFile } from '@scratchless/program/config-file'
import type { DataFolder } from '../demo/data-folder.ts'
import { startMarketDatabase } from '../demo/database.ts'
import { migrateMarket } from '../demo/migrate-market.ts'
import { CENTRE } from '../demo/parties.ts'
import { fillWorld } from './fill-world.ts'
import type { WorldPlace } from './world-rows.sql.ts'
import type { WorldSize } from './world-size.ts'

/** As `npm start` has it where nobody says otherwise. */
const TERMINALS = 1

/** Why this folder can hold no new world, in one sentence; null where it can. */
export function whyNoWorld(dir: string): string | null {
  if (!fs.existsSync(dir)) return null
  if (!fs.statSync(dir).isDirectory()) return `${dir} is no folder: name another with --data.`
  return fs.readdirSync(dir).length === 0
    ? null
    : `${dir} holds something already: a world is made in a folder of its own, name another with --data.`
}

export async function makeWorld(
  data: DataFolder,
  size: WorldSize,
  say: (progress: string) => void,
  shelf?: WorldPlace['shelf'],
): Promise<void> {
  say('keys, settings and databases')
  await migrateMarket(data, { databaseUrl: null, terminals: TERMINALS, say })
  const database = await startMarketDatabase(data, null)
  try {
    const place = placeOf(data)
    await fillWorld(database.offices.get(CENTRE.party)!, size, { ...place, shelf }, say)
  } finally {
    await database.stop()
  }
}

/** What the centre's settings say. */
export function placeOf(data: DataFolder): WorldPlace {
  const { timeZone = 'UTC', messageBytesDays = 90 } = readConfigFile(
    data.path(CENTRE.party, 'config.json'),
  ) as Partial<WorldPlace>
  return { timeZone, messageBytesDays }
}
