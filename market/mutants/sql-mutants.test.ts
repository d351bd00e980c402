import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { sqlMutants } from './sql-mutants.ts'

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'sql-mutants-'))
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

function textsOf(name: string, text: string): string[] {
  fs.mkdirSync(path.join(root, 'a', 'db'), { recursive: true })
  fs.writeFileSync(path.join(root, 'a', 'db', name), text)
  return sqlMutants(root, [`a/db/${name}`]).map(({ plant }) => ('text' in plant ? plant.text : ''))
}

test('each constraint of a table is left out once, with its comma, and nothing else', () => {
  const table = `CREATE TABLE t (
  id text PRIMARY KEY CHECK (id IN ('a)', 'b')),
  -- a comment, with CHECK (in it)
  n  int NOT NULL REFERENCES u (id),
  UNIQUE (n),
  CHECK ((n IS NOT NULL) = (id = 'a'))
);
`
  expect(textsOf('0001-t.sql', table)).toEqual([
    table.replace(' PRIMARY KEY', ''),
    table.replace(" CHECK (id IN ('a)', 'b'))", ''),
    table.replace(' NOT NULL REFERENCES', ' REFERENCES'),
    table.replace(' REFERENCES u (id)', ''),
    table.replace(',\n  UNIQUE (n)', '\n  '),
    table.replace(",\n  CHECK ((n IS NOT NULL) = (id = 'a'))", '\n  '),
  ])
})

test('a trigger goes, and a unique index stays an index', () => {
  const schema = `CREATE UNIQUE INDEX i ON t (n);
CREATE TRIGGER g BEFORE INSERT ON t
BEGIN
  SELECT 1;
END;
`
  expect(textsOf('0001-t.sql', schema)).toEqual([
    schema.replace('UNIQUE ', ''),
    'CREATE UNIQUE INDEX i ON t (n);\n\n',
  ])
})

test('each single right is left out once; one that names columns also loses each, and is given for all', () => {
  expect(textsOf('grants.sql', 'GRANT SELECT, UPDATE (a, b) ON t, u TO :api;')).toHaveLength(2 + 2 * 4)
  expect(textsOf('grants.sql', 'GRANT UPDATE (a, b) ON t TO :api;')).toEqual([
    '',
    'GRANT UPDATE (b) ON t TO :api;',
    'GRANT UPDATE (a) ON t TO :api;',
    'GRANT UPDATE ON t TO :api;',
  ])
})
