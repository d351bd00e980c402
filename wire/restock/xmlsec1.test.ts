// A second implementation reads what we write in suite `interop`: xmlsec1, which knows nothing of our templates.
// That it writes what we read is the vector restock-delivery.interop.by-xmlsec1.xml.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import {
  type ExampleParty,
  exampleDelivery,
  examplePackedCodes,
  keyFile,
  VECTORS,
} from '../testing/restock-examples.ts'
import { goodVectors } from '../testing/restock-vectors.ts'
import { writeCodeBlock } from './code-block.ts'

const installed = spawnSync('xmlsec1', ['--version']).status === 0
const required = process.env.PEERS === 'required'
// Where peers are required, a missing one fails the tests instead of leaving them out.
const peerTest = test.skipIf(!installed && !required)

const folder = mkdtempSync(path.join(tmpdir(), 'xmlsec1-'))
afterAll(() => rmSync(folder, { recursive: true }))

const messages = goodVectors
  .filter(({ suite }) => suite === 'interop')
  .map(({ file, from }): [string, ExampleParty] => [file, from])

function decrypted(file: string, to: ExampleParty): Buffer {
  const output = path.join(folder, file)
  execFileSync(
    'xmlsec1',
    [
      '--decrypt',
      ...['--privkey-pem', fileURLToPath(keyFile(to, 'open', 'private'))],
      ...['--output', output, fileURLToPath(new URL(file, VECTORS))],
    ],
    { stdio: 'pipe' },
  )
  return readFileSync(output)
}

peerTest.each(messages)('xmlsec1 (skipped where it is not installed) verifies %s', (file, from) => {
  const verify = spawnSync('xmlsec1', [
    '--verify',
    ...['--pubkey-pem', fileURLToPath(keyFile(from, 'sign', 'public'))],
    fileURLToPath(new URL(file, VECTORS)),
  ])
  expect(verify.stderr.toString()).toMatch(/^OK$/m)
  expect(verify.status).toBe(0)
})

peerTest('xmlsec1 decrypts an order to its content', () => {
  expect(decrypted('restock-order.interop.xml', 'atlas').toString()).toContain(
    '<Line><LineNo>1</LineNo><Product>ATLAS-5</Product><Quantity>5</Quantity></Line>',
  )
})

peerTest('xmlsec1 decrypts the code block of a delivery byte for byte', () => {
  const block = writeCodeBlock(exampleDelivery, examplePackedCodes())
  expect(decrypted('restock-delivery.interop.xml', 'centre').equals(block)).toBe(true)
})

peerTest('xmlsec1 refuses a changed digit too', () => {
  const verify = spawnSync('xmlsec1', [
    '--verify',
    ...['--pubkey-pem', fileURLToPath(keyFile('atlas', 'sign', 'public'))],
    fileURLToPath(new URL('bad/digit-changed.xml', VECTORS)),
  ])
  expect(verify.status).not.toBe(0)
})
