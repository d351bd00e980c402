import { verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { terminalVerifier, VECTORS } from '../testing/supply-examples.ts'

const page = readFileSync(new URL('../docs/protocol/supply.md', VECTORS), 'utf8')
const vector = (name: string) => readFileSync(new URL(`supply/${name}`, VECTORS))

/** Each listing by its title, comments taken off. */
const listings = [...page.matchAll(/^```hex (.+)\n([\s\S]*?)^```/gm)].map(([, title, body]) => ({
  title: title!,
  hex: body!.replace(/;.*$/gm, '').replace(/\s/g, ''),
}))
const frames = listings.filter(({ title }) => !title.includes(' '))

describe('the protocol page', () => {
  it.each(frames)('lists $title byte for byte', ({ title, hex }) => {
    expect(hex).toBe(vector(title).toString('hex'))
  })

  it('lists one of each message that carries something', () => {
    expect(frames.length).toBeGreaterThanOrEqual(12)
  })

  it('shows the bytes that the order’s signature covers', () => {
    const signed = listings.find(({ title }) => title === 'signed bytes of supply-order.bin')!
    const key = { key: terminalVerifier.publicKey, dsaEncoding: 'ieee-p1363' } as const
    const signature = vector('supply-order.bin').subarray(-64)
    expect(verify('sha256', Buffer.from(signed.hex, 'hex'), key, signature)).toBe(true)
  })

  it('shows a code box of the vectors', () => {
    const seal = JSON.parse(readFileSync(new URL('seal/index.json', VECTORS), 'utf8')) as {
      vectors: { code: string; packed: string; encodedContext: string; codeKey: string; sealed: string }[]
    }
    const box = seal.vectors.find(({ code }) => code === '40715593826014')!
    for (const shown of [box.packed, box.encodedContext, box.codeKey, box.sealed])
      expect(page).toContain(shown)
  })
})
