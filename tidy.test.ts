// The house rules, checked: who may import whom, what is banned and what to use instead, which files may touch
// an open code, no dead files, no dead links, no hop without both of its ends.

import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = import.meta.dirname

/** Who may import whom, of our own. A package may always import itself. */
const mayImport: Record<string, readonly string[]> = {
  voucher: [],
  program: ['voucher'],
  keys: ['voucher', 'program'],
  wire: ['voucher'],
  ledger: ['voucher'],
  ui: ['voucher'],
  office: ['voucher', 'program', 'keys', 'ledger'],
  operator: ['voucher', 'program', 'keys', 'wire', 'ledger', 'office'],
  centre: ['voucher', 'program', 'keys', 'wire', 'ledger', 'office'],
  terminal: ['voucher', 'program', 'keys', 'wire/compact', 'wire/supply', 'wire/seal', 'wire/testing'],
  'terminal/touch': ['voucher', 'ui', 'terminal/till/till-view'],
  market: ['voucher', 'program', 'keys', 'wire', 'ledger', 'office', 'operator', 'centre', 'terminal', 'ui'],
}

/** What is not written here, where it may be all the same, and what to write instead. */
const bans: readonly { what: RegExp; instead: string; except?: RegExp }[] = [
  {
    what: /\bDate\.now\(/,
    instead: 'a Clock as argument (voucher/clock)',
    except: /^voucher\/clock\.ts$|^market\/|\.test\.ts$|\/testing\/|\/touch\//,
  },
  { what: /\bnew Date\(\)/, instead: 'a Clock as argument (voucher/clock)', except: /^market\/|\.test\.ts$/ },
  { what: /\bMath\.random\(/, instead: 'a Random as argument (voucher/random)' },
  { what: /^export \* from/m, instead: 'an import of the file that has it' },
  {
    what: /\bparseFloat\(|\.toFixed\(\d\).*Minor|Minor\s*[*/]\s*\d+\.\d/,
    instead: 'voucher/money: whole minor units',
  },
  {
    what: /\bconsole\.(log|error|warn)\(/,
    instead: "the program's logger, or process.stdout in a main file",
  },
  {
    what: /@ts-ignore|@ts-expect-error/,
    instead: 'the type (biome looks after `any`)',
    except: /^tidy\.test\.ts$/,
  },
  { what: /catch *(\([^)]*\))? *\{ *\}/, instead: 'a decision, said' },
  { what: /\.\.\/shared\b/, instead: "the project's own docs", except: /^tidy\.test\.ts$/ },
]

/** The only files that may open, make or hold a clear code: vault workers, the sale, the ticket, and the nouns themselves. */
const mayTouchClearCodes: readonly RegExp[] = [
  /^voucher\//,
  /^wire\/seal\//,
  /^office\/vault\//,
  /^operator\/src\/vault\//,
  /^centre\/src\/vault\//,
  /^terminal\/src\/(sale|ticket)\//,
  /^market\/(bench|scenarios|hunt)\//,
  /\.test\.ts$/,
  /^(wire|centre|operator|terminal|office)\/testing\//,
  /^vectors\/.*make-vectors\.ts$/,
]

/** Started by name, not imported. */
const entryPoints =
  /(^|\/)(main|api|vault|card|keeper)\.ts$|\.test\.ts$|\.config\.ts$|make-vectors\.ts$|^bootstrap\/|^market\/(start|test|check|audit|fuzz|testing\/test-postgres)\.ts$|^market\/bench\/[a-z-]+\.ts$|\.d\.ts$|(^|\/)main\.tsx$/

const files = walk('')
const sources = files.filter((file) => /\.tsx?$/.test(file))
const text = new Map(sources.map((file) => [file, fs.readFileSync(path.join(root, file), 'utf8')]))

function walk(folder: string): string[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', '.git', 'dist', 'data'].includes(entry.name)) return []
    const name = path.posix.join(folder, entry.name)
    return entry.isDirectory() ? walk(name) : entry.isFile() ? [name] : []
  })
}

/** Every import of a file: what it names, and the file of ours that it means, if any. */
function importsOf(file: string): { specifier: string; target: string | null }[] {
  const pattern = /(?:from\s+|import\s*\(\s*|import\s+|new URL\(\s*)['"]([^'"]+)['"]/g
  return [...text.get(file)!.matchAll(pattern)].map(([, specifier]) => ({
    specifier: specifier!,
    target: resolve(file, specifier!),
  }))
}

function resolve(file: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier)
  const match = /^@scratchless\/([a-z]+)\/(.+)$/.exec(specifier)
  if (!match) return null
  const [, workspace, inside] = match
  const folder = `${workspace}/${['operator', 'centre', 'terminal'].includes(workspace!) ? 'src/' : ''}`
  const candidates = [`${folder}${inside}.ts`, `${folder}${inside}.tsx`, `${folder}${inside}`]
  return candidates.find((candidate) => fs.existsSync(path.join(root, candidate))) ?? candidates[0]!
}

function homeOf(file: string): string {
  return file.startsWith('terminal/touch/') ? 'terminal/touch' : file.split('/')[0]!
}

test('each folder imports only from those that the table allows', () => {
  const breaks = sources.flatMap((file) => {
    const home = homeOf(file)
    const allowed = mayImport[home]
    if (!allowed) return []
    return importsOf(file)
      .filter(({ target }) => target !== null && !isAllowed(home, allowed, target))
      .map(({ specifier }) => `${file} imports ${specifier}`)
  })
  expect(breaks).toEqual([])
})

function isAllowed(home: string, allowed: readonly string[], target: string): boolean {
  // Vectors are for every test; `..` is the house itself.
  if (target.startsWith('vectors') || !target.includes('/')) return true
  const plain = target.replace(/^(operator|centre|terminal)\/src\//, '$1/')
  return [home, ...allowed].some((place) => plain === `${place}.ts` || plain.startsWith(`${place}/`))
}

test('the screens never touch a clear code, and others only where it is their work', () => {
  const touching = sources.filter(
    (file) =>
      /voucher\/(clear-code|packed-code)'|\.\/(clear-code|packed-code)\.ts'/.test(text.get(file)!) &&
      /ClearCode|packDigits|unpackDigits/.test(text.get(file)!),
  )
  const strangers = touching.filter((file) => !mayTouchClearCodes.some((place) => place.test(file)))
  expect(strangers).toEqual([])
})

test('what serves tests is imported by tests, by the market and by the makers of vectors only', () => {
  const strangers = sources
    .filter((file) => !/\.test\.ts$|\/testing\/|^market\/|^vectors\//.test(file))
    .filter((file) => importsOf(file).some(({ target }) => target !== null && /(^|\/)testing\//.test(target)))
  expect(strangers).toEqual([])
})

test('nothing that is banned is written', () => {
  const breaks = sources.flatMap((file) =>
    bans
      .filter(({ what, except }) => what.test(text.get(file)!) && !except?.test(file))
      .map(({ what, instead }) => `${file}: ${what.source}; write instead: ${instead}`),
  )
  expect(breaks).toEqual([])
})

test('no file is dead', () => {
  const imported = new Set(sources.flatMap((file) => importsOf(file).map(({ target }) => target)))
  const dead = sources.filter((file) => !entryPoints.test(file) && !imported.has(file))
  expect(dead).toEqual([])
})

test('no link in the docs is dead', () => {
  const dead = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const links = fs
        .readFileSync(path.join(root, file), 'utf8')
        .matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)
      return [...links]
        .map(([, link]) => path.posix.join(path.posix.dirname(file), link!))
        .filter((target) => !fs.existsSync(path.join(root, target)))
        .map((target) => `${file} -> ${target}`)
    })
  expect(dead).toEqual([])
})

/** A hop's messages, and the two programs that speak it. */
const hops = [
  { folder: 'wire/restock', vectors: 'vectors/restock', ends: ['operator/src/', 'centre/src/'] },
  { folder: 'wire/supply', vectors: 'vectors/supply', ends: ['centre/src/', 'terminal/src/'] },
]

test.each(hops)('every message of $folder has both of its ends and a vector', ({ folder, vectors, ends }) => {
  // A message's file is named as the message is, and says so in its first comment by its name on the wire.
  const messages = sources.filter(
    (file) =>
      path.posix.dirname(file) === folder &&
      /-(order|order-response|delivery|receipt|request|answer|letter|report|refusal|catalogue)\.ts$|\/(acknowledgement|catalogue)\.ts$/.test(
        file,
      ),
  )
  expect(messages.length).toBeGreaterThan(3)
  const vectorNames = files.filter((file) => file.startsWith(`${vectors}/`)).join('\n')
  const incomplete = messages.flatMap((message) => {
    const name = path.posix.basename(message, '.ts')
    // An end may know a message by the file that gathers its kind, as a terminal knows its answers.
    const ways = sources.filter(
      (file) =>
        path.posix.dirname(file) === folder && importsOf(file).some(({ target }) => target === message),
    )
    const missing = ends.filter(
      (end) =>
        !sources.some(
          (file) =>
            file.startsWith(end) &&
            !file.endsWith('.test.ts') &&
            importsOf(file).some(({ target }) => target === message || ways.includes(target ?? '')),
        ),
    )
    return [
      ...missing.map((end) => `${name}: nobody in ${end} imports it`),
      ...(vectorNames.includes(name) ? [] : [`${name}: no vector`]),
    ]
  })
  expect(incomplete).toEqual([])
})
