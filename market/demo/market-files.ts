// What the market keeps of itself in its data folder, beside the programs' own data: each file whole or not there.

import { readKept, writeKept } from '@scratchless/program/kept-file'
import type { z } from 'zod'
import type { DataFolder } from './data-folder.ts'

/** What a file of the market holds, or null. Throws a ConfigProblem, one sentence, where it is damaged. */
export function readMarketFile<Schema extends z.ZodType>(
  data: DataFolder,
  name: string,
  schema: Schema,
): z.output<Schema> | null {
  return readKept(data.path(name), schema, remedyOf(data.dir))
}

export function writeMarketFile(data: DataFolder, name: string, content: unknown): void {
  writeKept(data.path(name), content)
}

/** Nothing of what it says can be found out again: keys are closed by it, or rows lie where it says. */
export function remedyOf(dataDir: string): string {
  return `restore it from a copy, or move ${dataDir} away and begin anew`
}
