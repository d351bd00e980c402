// How a restock vector is kept: its message in a file, and what must come of it in the index.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { systemRandom } from '@scratchless/voucher/random'
import type { RestockRefusal, RestockSigning } from '@scratchless/wire/restock/restock-partner'
import { signingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { signDocument } from '@scratchless/wire/xml/sign'
import type { Suite } from '@scratchless/wire/xml/suites'
import { type ExampleParty, privateKey, publicKey, VECTORS } from '../../wire/testing/restock-examples.ts'

export interface Vector {
  readonly file: string
  readonly message: string
  readonly suite: Suite
  readonly from: ExampleParty
  readonly to: ExampleParty
  readonly verdict: 'opens' | 'refused'
  readonly refusal?: RestockRefusal
  readonly why?: string
  readonly content?: object
  readonly codes?: readonly string[]
  readonly payloadSha256?: string
}

export const NS = 'urn:scratchless:restock:1'
export const index: Vector[] = []

export function signing(suite: Suite, from: ExampleParty, to: ExampleParty): RestockSigning {
  return {
    suite,
    signingKey: signingKeyOf(privateKey(from, 'sign')),
    level: 1,
    receiverKey: publicKey(to, 'open'),
    random: systemRandom,
  }
}

export function keep(file: string, bytes: () => Buffer | string): Buffer {
  const url = new URL(file, VECTORS)
  if (!existsSync(url)) {
    writeFileSync(url, bytes())
    process.stdout.write(`written: ${file}\n`)
  }
  return readFileSync(url)
}

export function readVector(file: string): string {
  return readFileSync(new URL(file, VECTORS), 'latin1')
}

/** Signs any text, canonical or not meant to be, with the suite's true signature. */
export function signed(
  payload: string,
  suite: Suite = 'interop',
  by: ExampleParty = 'atlas',
): Promise<Buffer> {
  return signDocument(payload, suite, signingKeyOf(privateKey(by, 'sign')))
}

export function without(text: string, element: string): string {
  return (
    text.slice(0, text.indexOf(`<${element} `)) +
    text.slice(text.indexOf(`</${element}>`) + element.length + 3)
  )
}
