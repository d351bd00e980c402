import { verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, type Tagged } from '../compact/cbor.ts'
import { fromCoseKey } from '../compact/cose.ts'
import { stateReportOnLine, terminalVerifier, VECTORS } from '../testing/supply-examples.ts'
import { ANSWERS, type RequestKind } from './answer.ts'
import { KIND, type KindName } from './envelope.ts'
import { peekLevel } from './level.ts'

const page = readFileSync(new URL('../docs/protocol/supply.md', VECTORS), 'utf8')
const vector = (name: string) => readFileSync(new URL(`supply/${name}`, VECTORS))

/** Each listing by its title, comments taken off. */
const listings = [...page.matchAll(/^```hex (.+)\n([\s\S]*?)^```/gm)].map(([, title, body]) => ({
  title: title!,
  hex: body!.replace(/;.*$/gm, '').replace(/\s/g, ''),
}))
const frames = listings.filter(({ title }) => !title.includes(' '))

/** The payload of a COSE_Sign1, unverified: the vectors' own test verifies it. */
function decodeSign1(message: Uint8Array): Uint8Array {
  const { value } = decodeCbor(message) as Tagged
  return (value as CborValue[])[2] as Uint8Array
}

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

  it('says of each kind what answers it', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| ([a-z- ]+) \| (?:terminal|device|centre) \| ([\d, ]*)\|$/gm)]
    const said = rows.map(([, number, name, answers]) => [Number(number), name, answers!.trim()])
    const answersTo = (kind: KindName) =>
      kind === 'enrolment-request'
        ? '2'
        : kind in ANSWERS
          ? ANSWERS[kind as RequestKind].map((message) => KIND[message.kind]).join(', ')
          : ''
    const known = (Object.keys(KIND) as KindName[]).map((kind) => [
      KIND[kind],
      kind.replace(/(?<!one)-/g, ' '),
      answersTo(kind),
    ])
    expect(said).toEqual(known)
  })

  it('has each reason of a refusal at its place', () => {
    const [table] = /\| \| reason \|[\s\S]*?\n\n/.exec(page)!
    const reasons = [...table.matchAll(/^\| (\d+) \| ([a-z-]+) \|/gm)]
    expect(reasons).toHaveLength(20)
    for (const [, place, reason] of reasons) {
      const name = reason === 'balance-too-low' ? 'supply-refusal' : `supply-refusal-${reason}`
      const frame = vector(`${name}.bin`)
      const [, , why] = peekLevel(decodeSign1(frame.subarray(7)))!.fields.slice(-3) as [0, 0, [number]]
      expect(why[0], reason).toBe(Number(place))
    }
  })

  it('has each notice under its number', () => {
    const index = JSON.parse(readFileSync(new URL('supply/index.json', VECTORS), 'utf8')) as {
      vectors: { file: string; content: { standing: { notices: { number: number }[] } } }[]
    }
    const all = index.vectors.find(({ file }) => file === 'notices-all.bin')!
    const [table] = /\| \| notice \|[\s\S]*?\n\n/.exec(page)!
    const numbers = [...table.matchAll(/^\| (\d+) \| [a-z-]+ \|/gm)].map(([, number]) => Number(number))
    expect(numbers).toEqual(all.content.standing.notices.map(({ number }) => number))
  })

  it('says what the new key of a renewal signs', () => {
    const [newKey, proof] = peekLevel(decodeSign1(vector('renewal-request.bin').subarray(7)))!.fields
    const kid = Buffer.from('00000002', 'hex')
    const input = encodeCbor(['scratchless renewal 1', 'T00001', 9, kid, newKey!])
    const key = { key: fromCoseKey(newKey)!, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', input, key, proof as Uint8Array)).toBe(true)
  })

  it('says what a state report costs, which is not more than it may', () => {
    const { up, down } = stateReportOnLine()
    expect(page).toContain(`it costs ${up + down} bytes`)
    expect(up + down).toBeLessThanOrEqual(330)
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
