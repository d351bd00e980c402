// Which files a room has, and which files count as the product's own: what a bug is planted in.

/** Bugs are planted in what runs in a shop or an office: not in tests, their support, or what makes vectors. */
const NOT_PLANTED =
  /\.(test|d|config)\.ts$|(^|\/)testing\/|^(market|ui|bootstrap|docs|vectors)\/|^terminal\/touch\/|(^|\/)(test|fake|example)-[a-z-]+\.ts$|(^|\/)make-vectors\.ts$|-vectors\.ts$|\/forged-shapes\.ts$/

/** Rooms whose files are not simply those of a folder. */
const SPECIAL: Readonly<Record<string, (file: string) => boolean>> = {
  // What is ordered, decided and settled; the other messages and the SQL belong to centre/supply as a whole.
  'supply-desk': (file) =>
    folderOf(file) === 'centre/src/supply' &&
    !/\.sql\.ts$|listeners\.ts$|receive-(card|catalogue|enrolment|sales|status)/.test(file),
  sale: (file) => folderOf(file) === 'terminal/src/sale' && !/\.sql\.ts$/.test(file),
}

/** What `npm run mutants` plants where no room is named. */
export const FIRST_ROOMS = [
  'voucher',
  'ledger',
  'keys',
  'wire/compact',
  'wire/xml',
  'supply-desk',
  'sale',
] as const

/** Programs keep their sources in src/, which a room's name leaves out: terminal/safe is terminal/src/safe. */
const PROGRAMS = ['operator', 'centre', 'terminal']

/** A bug in what ends a database server that was left behind ends other people's servers on this machine. */
const TOO_DANGEROUS = 'office/postgres/end-leftovers.ts'

export function isPlantable(file: string): boolean {
  return /\.ts$/.test(file) && file.includes('/') && !NOT_PLANTED.test(file) && file !== TOO_DANGEROUS
}

export function filesOfRoom(room: string, files: readonly string[]): string[] {
  const special = SPECIAL[room]
  if (special) return files.filter((file) => isPlantable(file) && special(file))
  const [first, ...rest] = room.split('/')
  const folder = PROGRAMS.includes(first!) ? [first, 'src', ...rest].join('/') : room
  return files.filter((file) => isPlantable(file) && file.startsWith(`${folder}/`))
}

/** The room a file is counted under, where no room was asked for: its folder, without src/. */
export function roomOf(file: string): string {
  return folderOf(file).replace(/^([a-z]+)\/src\b/, '$1')
}

export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'))
}
