import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Frame, frameReader, readFrame, writeFrame } from './frame.ts'

const anyFrame = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
  message: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
})

describe('frames', () => {
  it('come out of a line whole and in order, however it cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (frames, cuts) => {
          const line = Buffer.concat(frames.map(writeFrame))
          const reader = frameReader()
          const got: Frame[] = []
          for (let at = 0, i = 0; at < line.length; i++) {
            const next = at + cuts[i % cuts.length]!
            const read = reader.push(line.subarray(at, next))
            if (read === 'too-long') throw new Error('the reader gave up')
            got.push(...read)
            at = next
          }
          expect(got).toEqual(frames)
        },
      ),
    )
  })

  it('are read from a body only when the body is one frame and nothing else', () => {
    const bytes = writeFrame({ kind: 7, sequence: 4, message: Buffer.from('abc') })
    expect(readFrame(bytes)).toEqual({ kind: 7, sequence: 4, message: Buffer.from('abc') })
    for (let end = 0; end < bytes.length; end++) expect(readFrame(bytes.subarray(0, end))).toBeUndefined()
    expect(readFrame(Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined()
  })

  it('end the reading where a peer announces more than the bound', () => {
    const reader = frameReader(100)
    expect(reader.push(writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(101) }).subarray(0, 7))).toBe(
      'too-long',
    )
    expect(reader.push(Buffer.alloc(1))).toBe('too-long')
  })
})
