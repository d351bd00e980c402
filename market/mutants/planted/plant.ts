import fs from 'node:fs'
import path from 'node:path'
import type { Mutant } from '../mutant.ts'
import { CENTRE_BUGS } from './centre.ts'
import { OTHER_BUGS } from './others.ts'
import type { PlantedBug } from './planted-bug.ts'
import { TERMINAL_BUGS } from './terminal.ts'

export const PLANTED_BUGS: readonly PlantedBug[] = [...CENTRE_BUGS, ...TERMINAL_BUGS, ...OTHER_BUGS]

/** Throws where a bug's text does not stand in its file exactly once. */
export function plant(root: string, bugs: readonly PlantedBug[], roomOf: (file: string) => string): Mutant[] {
  return bugs.map(({ file, find, replace, why }, n) => {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    const [before, after, ...more] = text.split(find)
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${file} no longer has exactly once: ${find}`)
    return {
      id: `planted-${n}`,
      room: roomOf(file),
      file,
      line: before.split('\n').length,
      from: find,
      to: replace,
      how: 'planted',
      why,
      plant: { text: before + replace + after },
    }
  })
}
