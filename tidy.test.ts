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
  ui: ['voucher', 'program/contract'],
  office: ['voucher', 'program', 'keys', 'ledger'],
  operator: ['voucher', 'program', 'keys', 'wire', 'ledger', 'office'],
  centre: ['voucher', 'program', 'keys', 'wire', 'ledger', 'office'],
  terminal: ['voucher', 'program', 'keys', 'wire/compact', 'wire/supply', 'wire/seal', 'wire/testing'],
  'terminal/touch': ['voucher', 'ui', 'program/contract', 'terminal/till/till-shapes'],
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

/** What opens a code, or the key of codes, or holds one open: by the file that has it. */
const openers: Readonly<Record<string, readonly string[]>> = {
  'voucher/clear-code.ts': ['ClearCode'],
  'voucher/packed-code.ts': ['packDigits', 'unpackDigits'],
  'wire/seal/code-box.ts': ['openCode'],
  'wire/xml/decrypt.ts': ['decryptData'],
  'wire/restock/code-block.ts': ['readCodeBlock'],
  'wire/restock/restock-delivery.ts': ['verifyRestockDelivery'],
  'office/vault/closing.ts': ['openPack'],
  'office/vault/lot-record.ts': ['readLotRecord'],
  'office/vault/fingerprint.ts': ['fingerprintsOf'],
}

/** The product's files that may import one: the two vaults, the sale, the ticket, and the openers' own neighbours. */
const mayOpenCodes: readonly string[] = [
  'voucher/clear-code.ts',
  'wire/restock/restock-delivery.ts',
  'wire/restock/restock-envelope.ts',
  'wire/seal/code-box.ts',
  'operator/src/vault/close-restock-delivery.ts',
  'operator/src/vault/lot-key.ts',
  'operator/src/vault/repeated-codes.ts',
  'operator/src/vault/stock-sealing.ts',
  'operator/src/vault/pack-collector.ts',
  'operator/src/vault/generate-stock.ts',
  'centre/src/vault/close-supply-deliveries.ts',
  'centre/src/vault/restock-worker.ts',
  'centre/src/vault/take-restock-delivery.ts',
  'terminal/src/sale/sell.ts',
  'terminal/src/ticket/ticket-template.ts',
]

/** Tests, what serves them, the market around the programs, and the makers of vectors. */
const notProduct = /\.test\.ts$|(^|\/)testing\/|^market\/|^vectors\//

/** A product's file, and a test's: longer ones hold more than one idea. */
const MOST_LINES = { product: 400, test: 600 }

/** Started by name, not imported. */
const entryPoints =
  /(^|\/)(main|api|vault|card|make-token-keys|renew-tls|keeper)\.ts$|\.test\.ts$|\.config\.ts$|make-vectors\.ts$|^bootstrap\/|^market\/(start|test|check|audit|fuzz|mutants|mutants\/lane|testing\/test-postgres)\.ts$|^market\/bench\/[a-z-]+\.ts$|\.d\.ts$|(^|\/)main\.tsx$/

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

/** Named imports of a file, with the file of ours that has them; `names` is null for a whole module. */
function namedImportsOf(file: string): { target: string | null; names: readonly string[] | null }[] {
  const source = text.get(file)!
  const named = /import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g
  const lazy = /const \{([^}]*)\} = await import\(\s*'([^']+)'/g
  const whole = /import \* as \w+ from '([^']+)'|import\('([^']+)'\)\.then/g
  return [
    ...[...source.matchAll(named), ...source.matchAll(lazy)].map(([, list, from]) => ({
      target: resolve(file, from!),
      names: list!
        .split(',')
        .map((name) =>
          name
            .trim()
            .replace(/^type /, '')
            .replace(/( as |:).*$/, ''),
        )
        .filter((name) => name !== ''),
    })),
    ...[...source.matchAll(whole)].map(([, one, other]) => ({
      target: resolve(file, (one ?? other)!),
      names: null,
    })),
  ]
}

function exportsOf(file: string): string[] {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type|let) (\w+)/gm
  return [...(text.get(file) ?? '').matchAll(declared)].map(([, name]) => name!)
}

function isUsedInside(file: string, name: string): boolean {
  return [...text.get(file)!.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1
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
  // A screen reads its own rooms' contracts.
  if (home.startsWith('terminal/') && /^terminal\/src\/.*-contract\.ts$/.test(target)) return true
  if (target.includes('/testing/') && allowed.includes(target.split('/')[0]!)) return true
  const plain = target.replace(/^(operator|centre|terminal)\/src\//, '$1/')
  return [home, ...allowed].some((place) => plain === `${place}.ts` || plain.startsWith(`${place}/`))
}

test('nobody but those who must imports what opens a code', () => {
  const opening = sources
    .filter((file) => !notProduct.test(file))
    .filter((file) =>
      namedImportsOf(file).some(({ target, names }) => {
        const dangerous = openers[target ?? '']
        return dangerous !== undefined && (names === null || names.some((name) => dangerous.includes(name)))
      }),
    )
  expect(opening.sort()).toEqual([...mayOpenCodes].sort())
  for (const [file, names] of Object.entries(openers))
    for (const name of names) expect(exportsOf(file), `${file} has ${name}`).toContain(name)
})

test('no two files import each other, by whatever way round, types included', () => {
  const next = new Map(
    sources.map((file) => [
      file,
      importsOf(file).flatMap(({ target }) => (text.has(target ?? '') ? [target!] : [])),
    ]),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const walkFrom = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    if (at >= 0) {
      circles.push([...way.slice(at), file].join(' > '))
      return
    }
    if (done.has(file)) return
    for (const other of next.get(file)!) walkFrom(other, [...way, file])
    done.add(file)
  }
  for (const file of sources) walkFrom(file, [])
  expect(circles).toEqual([])
})

test('whatever the product exports, the product uses', () => {
  const users = new Map<string, Set<string>>()
  for (const file of sources.filter((one) => !notProduct.test(one)))
    for (const { target, names } of namedImportsOf(file))
      for (const name of names ?? exportsOf(target ?? '')) {
        const key = `${target} ${name}`
        users.set(key, (users.get(key) ?? new Set()).add(file))
      }
  // The market is the world around the programs: what it needs of them is asked for.
  for (const file of sources.filter((one) => /^market\//.test(one) && !/\.test\.ts$/.test(one)))
    for (const { target, names } of namedImportsOf(file))
      for (const name of names ?? exportsOf(target ?? ''))
        users.set(`${target} ${name}`, (users.get(`${target} ${name}`) ?? new Set()).add(file))
  const unused = sources
    .filter((file) => !notProduct.test(file) && !entryPoints.test(file))
    .flatMap((file) =>
      exportsOf(file)
        .filter((name) => !users.has(`${file} ${name}`) && !isUsedInside(file, name))
        .map((name) => `${file}: ${name}`),
    )
  expect(unused).toEqual([])
})

test('every file is one idea long', () => {
  const long = files
    .filter((file) => /\.(tsx?|mjs|sql)$/.test(file))
    .map((file) => ({ file, lines: fs.readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (/\.test\.ts$/.test(file) ? MOST_LINES.test : MOST_LINES.product))
  expect(long).toEqual([])
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
/** Messages that the line has already and whose room at one of its ends is still to be built. */
const roomsToCome = [
  ...['balance-request', 'card-request', 'claim', 'collection-receipt', 'one-code-order'],
  ...['payment-declaration', 'proposal-answer', 'return-request', 'vendor-request'],
]

const hops = [
  { folder: 'wire/restock', vectors: 'vectors/restock', ends: ['operator/src/', 'centre/src/'] },
  { folder: 'wire/supply', vectors: 'vectors/supply', ends: ['centre/src/', 'terminal/src/'] },
]

test.each(hops)('every message of $folder has both of its ends and a vector', ({ folder, vectors, ends }) => {
  // A message's file is named as the message is, and says so in its first comment by its name on the wire.
  const messages = sources.filter(
    (file) =>
      path.posix.dirname(file) === folder &&
      /-(order|order-response|delivery|receipt|request|answer|letter|report|refusal|catalogue|settings|declaration)\.ts$|\/(acknowledgement|catalogue|claim|balance|renewal)\.ts$/.test(
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
    // Whoever builds a room takes its message off the list.
    const isToCome = roomsToCome.includes(name)
    if (isToCome && missing.length === 0) return [`${name}: has its room`]
    return [
      ...(isToCome ? [] : missing).map((end) => `${name}: nobody in ${end} imports it`),
      ...(vectorNames.includes(name) ? [] : [`${name}: no vector`]),
    ]
  })
  expect(incomplete).toEqual([])
})
