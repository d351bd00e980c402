// A small file that a program keeps for itself, as JSON: written whole or not at all, checked when it is read.

import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { checkConfig, readConfigFile } from './config-file.ts'
import { writeDurably } from './durable-file.ts'

/**
 * What it holds; null where there is none. Throws a ConfigProblem that names the file, what is wrong with it, and what
 * to do then (`remedy`).
 */
export function readKept<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  remedy: string,
): z.output<Schema> | null {
  if (!existsSync(path)) return null
  return checkConfig(path, readConfigFile(path, remedy), schema, remedy)
}

export function writeKept(path: string, content: unknown): void {
  writeDurably(path, `${JSON.stringify(content, null, 2)}\n`)
}
