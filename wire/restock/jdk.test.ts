// A second implementation reads and writes suite `modern`: the JDK's XML Signature and Apache Santuario
// (Debian: libxml-security-java), which know nothing of our templates.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exampleDelivery, examplePackedCodes, keyFile, VECTORS } from '../testing/restock-examples.ts'
import { goodVectors, vectorBytes, verifyAs, verifyingOf } from '../testing/restock-vectors.ts'
import { writeCodeBlock } from './code-block.ts'

const JARS = ['xmlsec', 'commons-codec', 'slf4j-api', 'slf4j-nop', 'woodstox-core', 'stax2-api'].map(
  (name) => `/usr/share/java/${name}.jar`,
)
const installed = existsSync(JARS[0]!) && spawnSync('javac', ['-version']).status === 0
const required = process.env.PEERS === 'required'
// Where peers are required, a missing one fails the tests instead of leaving them out.
const peerTest = test.skipIf(!installed && !required)

const folder = mkdtempSync(path.join(tmpdir(), 'jdk-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(() => {
  if (!installed) return
  const source = path.join(import.meta.dirname, '../testing/peers/ModernPeer.java')
  execFileSync('javac', ['-cp', JARS.join(':'), '-d', folder, source], { stdio: 'pipe' })
})

function peer(...args: string[]): string {
  return execFileSync('java', ['-cp', [folder, ...JARS].join(':'), 'ModernPeer', ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

const modern = goodVectors.filter(({ suite }) => suite === 'modern')
const fileOf = (name: string) => fileURLToPath(new URL(name, VECTORS))
const key = (...which: Parameters<typeof keyFile>) => fileURLToPath(keyFile(...which))

peerTest.each(modern)('the JDK (skipped where it or Santuario is not installed) verifies $file', (vector) => {
  expect(peer('verify', fileOf(vector.file), key(vector.from, 'sign', 'public')).trim()).toBe('valid')
  expect(peer('verify', fileOf(vector.file), key('sahel', 'sign', 'public')).trim()).toBe('invalid')
})

peerTest.each(modern)('Santuario decrypts $file', (vector) => {
  const plain = Buffer.from(
    peer('decrypt', fileOf(vector.file), key(vector.to, 'open', 'private')).trim(),
    'hex',
  )
  if (vector.message === 'RestockDelivery') {
    expect(plain.equals(writeCodeBlock(exampleDelivery, examplePackedCodes()))).toBe(true)
  } else expect(plain.toString('utf8')).toContain(`<${vector.message}`)
})

peerTest.each(modern)(
  'what the JDK and Santuario sign as $file is verified to the same content',
  async (vector) => {
    const plain = peer('decrypt', fileOf(vector.file), key(vector.to, 'open', 'private')).trim()
    const document = vectorBytes(vector).toString('utf8')
    const payload = path.join(folder, 'payload.xml')
    writeFileSync(payload, document.replace(/<ds:Signature .*<\/ds:Signature>/s, ''))
    const closed = peer(
      'close',
      payload,
      plain,
      key(vector.to, 'open', 'public'),
      key(vector.from, 'sign', 'private'),
    )
    const verified = await verifyAs[vector.message](Buffer.from(closed), verifyingOf(vector))
    const ours = await verifyAs[vector.message](readFileSync(fileOf(vector.file)), verifyingOf(vector))
    if ('refusal' in verified || 'refusal' in ours) throw new Error('refused')
    expect(verified.content).toEqual(ours.content)
  },
)
