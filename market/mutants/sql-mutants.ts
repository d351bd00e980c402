// Bugs in the schemas and grants: each constraint, each trigger and each single right is left out once. Rights that
// name columns are also given for the whole table.

import fs from 'node:fs'
import path from 'node:path'
import type { Mutant } from './mutant.ts'

export function sqlMutants(root: string, files: readonly string[]): Mutant[] {
  return files
    .filter((file) => /^[a-z]+\/(?:vault-)?db\/[^/]+\.sql$/.test(file))
    .flatMap((file) => {
      const text = fs.readFileSync(path.join(root, file), 'utf8')
      const edits = file.endsWith('/grants.sql') ? grantEdits(text) : schemaEdits(text)
      return edits.map(
        ({ start, end, to, how }, n): Mutant => ({
          id: `sql-${file}-${n}`,
          room: file.split('/').slice(0, 2).join('/'),
          file,
          line: text.slice(0, start).split('\n').length,
          from: text.slice(start, end),
          to,
          how: `sql ${how}`,
          plant: { text: text.slice(0, start) + to + text.slice(end) },
        }),
      )
    })
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly to: string
  readonly how: string
}

/** What stands in a column's definition or as an item of its own in a table's. Parentheses may follow. */
const CONSTRAINTS: readonly { how: string; pattern: RegExp }[] = [
  { how: 'CHECK', pattern: /(?:CONSTRAINT \w+ )?\bCHECK (?=\()/g },
  { how: 'UNIQUE', pattern: /\bUNIQUE\b(?! INDEX)(?: (?=\())?/g },
  { how: 'PRIMARY KEY', pattern: /\bPRIMARY KEY\b(?: (?=\())?/g },
  { how: 'NOT NULL', pattern: /\bNOT NULL\b/g },
  {
    how: 'FOREIGN KEY',
    pattern: /(?:\bFOREIGN KEY \([^)]*\) )?\bREFERENCES \w+(?: (?=\())?/g,
  },
  { how: 'EXCLUDE', pattern: /(?:CONSTRAINT \w+ )?\bEXCLUDE USING gist (?=\()/g },
]

function schemaEdits(text: string): Edit[] {
  const plain = withoutComments(text)
  const edits = [...plain.matchAll(/CREATE TABLE \w+ (?=\()/g)].flatMap((table) => {
    const body = table.index + table[0].length
    const bodyEnd = closing(plain, body)
    // Its columns have a value anyway: leaving out NOT NULL there changes nothing.
    const key = splitList(/\n\s*PRIMARY KEY \(([^)]*)\)/.exec(plain.slice(body, bodyEnd))?.[1] ?? '')
    return CONSTRAINTS.flatMap(({ how, pattern }) =>
      [...plain.slice(0, bodyEnd).matchAll(pattern)]
        .filter(({ index }) => index > body && !isInside(plain, body, index))
        .filter(({ index }) => how !== 'NOT NULL' || !key.includes(columnAt(plain, index)))
        .map((found) => constraintEdit(text, plain, body, found.index, found[0].length, how)),
    )
  })
  const triggers = [...plain.matchAll(/CREATE TRIGGER[\s\S]*?\nEND;/g)].map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
    to: '',
    how: 'trigger',
  }))
  const indexes = [...plain.matchAll(/CREATE UNIQUE INDEX/g)].map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
    to: 'CREATE INDEX',
    how: 'UNIQUE INDEX',
  }))
  return [...edits, ...triggers, ...indexes].sort((a, b) => a.start - b.start)
}

function constraintEdit(
  text: string,
  plain: string,
  body: number,
  found: number,
  length: number,
  how: string,
): Edit {
  let start = found
  let end = found + length
  if (plain[end] === '(') end = closing(plain, end)
  end +=
    /^ DEFERRABLE INITIALLY DEFERRED|^\s*DEFERRABLE INITIALLY DEFERRED/.exec(plain.slice(end))?.[0].length ??
    0
  // An item of its own goes with the comma before it, comments between them staying.
  const before = plain.slice(body, start).trimEnd()
  if (before.endsWith(',')) {
    const comma = body + before.length - 1
    return { start: comma, end, to: text.slice(comma + 1, start), how }
  }
  if (plain[start - 1] === ' ') start--
  return { start, end, to: '', how }
}

/** The column in whose line a place lies. */
function columnAt(plain: string, place: number): string {
  return /^\s*(\w+)/.exec(plain.slice(plain.lastIndexOf('\n', place) + 1))![1]!
}

/** Whether a place lies inside a parenthesis of the body that opens at `body`: within a CHECK, say. */
function isInside(plain: string, body: number, place: number): boolean {
  let depth = 0
  for (let i = body; i < place; i++) depth += plain[i] === '(' ? 1 : plain[i] === ')' ? -1 : 0
  return depth > 1
}

/** Just past the parenthesis that closes the one at `open`. */
function closing(plain: string, open: number): number {
  let depth = 0
  for (let i = open; i < plain.length; i++) {
    if (plain[i] === '(') depth++
    if (plain[i] === ')' && --depth === 0) return i + 1
  }
  throw new Error('a parenthesis is not closed')
}

/** Comments and strings as spaces, everything else where it was. */
function withoutComments(text: string): string {
  return text.replace(/--[^\n]*|'(?:[^']|'')*'/g, (found) => ' '.repeat(found.length))
}

interface Right {
  /** `SELECT`, or `UPDATE (state, answer)`. */
  readonly name: string
  readonly columns: readonly string[]
}

function grantEdits(text: string): Edit[] {
  const plain = withoutComments(text)
  return [...plain.matchAll(/GRANT ([^;]+?)\s+ON (SEQUENCE )?([^;]+?)\s+TO ([^;]+);/g)].flatMap((found) => {
    const rights = splitList(found[1]!).map(toRight)
    const things = splitList(found[3]!)
    const roles = splitList(found[4]!)
    const kind = found[2] ?? ''
    const all = rights.flatMap((right) =>
      things.flatMap((thing) => roles.map((role) => ({ right, thing, role }))),
    )
    const said = ({ right, thing, role }: (typeof all)[number]) =>
      `GRANT ${shown(right)} ON ${kind}${thing} TO ${role};`
    const edit = (to: string, how: string): Edit => ({
      start: found.index,
      end: found.index + found[0].length,
      to,
      how,
    })
    return all.flatMap((one) => {
      const others = all.filter((each) => each !== one).map(said)
      const { right } = one
      return [
        edit(others.join('\n'), `GRANT ${right.name} on ${one.thing} to ${one.role}`),
        ...right.columns.map((column) => {
          const columns = right.columns.filter((each) => each !== column)
          const rest = columns.length === 0 ? [] : [said({ ...one, right: { ...right, columns } })]
          return edit(
            [...others, ...rest].join('\n'),
            `GRANT ${right.name} of ${column} on ${one.thing} to ${one.role}`,
          )
        }),
        ...(right.columns.length === 0
          ? []
          : [
              edit(
                [...others, said({ ...one, right: { ...right, columns: [] } })].join('\n'),
                `GRANT ${right.name} of every column on ${one.thing} to ${one.role}`,
              ),
            ]),
      ]
    })
  })
}

function toRight(text: string): Right {
  const [, name, columns] = /^(\w+)(?: \(([^)]*)\))?$/.exec(text)!
  return { name: name!, columns: columns === undefined ? [] : splitList(columns) }
}

function shown({ name, columns }: Right): string {
  return columns.length === 0 ? name : `${name} (${columns.join(', ')})`
}

/** At the commas outside parentheses. */
function splitList(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map((item) => item.replace(/\s+/g, ' ').trim())
}
