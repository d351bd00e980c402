// A program's settings: one JSON file, checked before anything starts, with errors that name file, field and rule.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { z } from 'zod'

/** Settings that cannot be used. Its message is one line a person can act on. */
export class ConfigProblem extends Error {
  override name = 'ConfigProblem'
}

/** The absolute path after `--config`. Throws a ConfigProblem where it is missing. */
export function configPath(argv: readonly string[] = process.argv.slice(2)): string {
  const { values } = parseArgs({ args: [...argv], options: { config: { type: 'string' } }, strict: false })
  if (typeof values.config !== 'string' || values.config === '')
    throw new ConfigProblem('Say which settings to use: --config FILE')
  return resolve(values.config)
}

/** Reads and checks a settings file. Throws a ConfigProblem naming the file, the field and the rule broken. */
export function readConfig<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  return checkConfig(path, readConfigFile(path), schema)
}

/** What to do about settings that a power cut or a hand has damaged. */
const SETTINGS_REMEDY = 'restore it from a copy, or write it anew'

/**
 * What a settings file holds, unchecked. Throws a ConfigProblem where it cannot be read or is not JSON, with what to do
 * then (`remedy`).
 */
export function readConfigFile(path: string, remedy = SETTINGS_REMEDY): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read'
          : code === 'EISDIR'
            ? 'it is a folder'
            : `${code}`
    throw new ConfigProblem(`${path}: ${why}`, { cause: error })
  }
  // A file that was not yet on the disk when the power failed is empty after it, or full of zeros.
  if (/^[\s\0]*$/.test(text))
    throw new ConfigProblem(`${path}: it is empty, as a power cut can leave a file: ${remedy}`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigProblem(`${path}: not JSON, or cut off: ${remedy} (${(error as Error).message})`, {
      cause: error,
    })
  }
}

/** Settings as their schema has them. `origin`: where they came from, for the problem's text, as is what to do then. */
export function checkConfig<Schema extends z.ZodType>(
  origin: string,
  json: unknown,
  schema: Schema,
  remedy?: string,
): z.output<Schema> {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const lines = result.error.issues.map(
    (issue) =>
      `${origin}: ${field(issue.path)}: ${saying(issue.message)}${remedy === undefined ? '' : `; ${remedy}`}`,
  )
  throw new ConfigProblem(lines.join('\n'))
}

/** A field that is not there is called missing. */
function saying(message: string): string {
  const missing = /^Invalid input: expected (\w+), received undefined$/.exec(message)
  return missing ? `missing; ${missing[1]} expected` : message
}

function field(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '(the whole file)' : path.map(String).join('.')
}
