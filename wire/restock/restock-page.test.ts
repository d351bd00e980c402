import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  exampleDelivery,
  exampleOrder,
  examplePackedCodes,
  exampleReceipt,
  exampleResponse,
  VECTORS,
} from '../testing/restock-examples.ts'
import { writeAuditHead } from './audit-head-field.ts'
import { writeCodeBlock } from './code-block.ts'

const page = readFileSync(path.join(import.meta.dirname, '../../docs/protocol/restock.md'), 'utf8')
const delivery = readFileSync(new URL('restock-delivery.interop.xml', VECTORS), 'latin1')
const payload = delivery.replace(/<ds:Signature .*<\/ds:Signature>/, '')
const sha256 = (text: string, as: 'hex' | 'base64') => createHash('sha256').update(text).digest(as)
const withSeparators = (count: number) => count.toLocaleString('en-GB')

test('the page’s worked example is the vector', () => {
  const signedInfo = /<ds:SignedInfo>.*<\/ds:SignedInfo>/
    .exec(delivery)![0]
    .replace('<ds:SignedInfo>', '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">')
  for (const said of [
    `${withSeparators(delivery.length)} bytes, is the delivery`,
    `it has ${withSeparators(payload.length)} bytes`,
    sha256(payload, 'hex'),
    sha256(payload, 'base64'),
    `has ${signedInfo.length} bytes`,
    sha256(signedInfo, 'hex'),
  ])
    expect(page).toContain(said)
})

test('the page shows the delivery’s clear fields and its code block as they are', () => {
  const listed = /```xml\n(<AuditHead>[\s\S]*?)```/.exec(page)![1]!.replaceAll('\n', '')
  expect(payload).toContain(`</Header>${listed}<xenc:EncryptedData`)
  const block = /^```\n(53434231[\s\S]*?)^```/m
    .exec(page)![1]!
    .replace(/ {3,}.*$/gm, '')
    .replace(/\s/g, '')
  expect(block).toBe(writeCodeBlock(exampleDelivery, examplePackedCodes()).toString('hex'))
})

test('the page shows the head of each message', () => {
  const heads = [exampleOrder, exampleResponse, exampleDelivery, exampleReceipt].map(({ auditHead }) =>
    writeAuditHead(auditHead),
  )
  expect(page.match(/<AuditHead>.*<\/AuditHead>/g)).toEqual(heads)
})
