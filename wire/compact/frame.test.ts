import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  FRAME_HEAD_BYTES,
  type Frame,
  frameReader,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_SEQUENCE,
  readFrame,
  writeFrame,
} from './frame.ts'

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

  it('are kind, sequence and length before the message, byte by byte', () => {
    const frame = { kind: 0xab, sequence: 0x01020304, message: Buffer.alloc(0x0102, 0xee) }
    expect(writeFrame(frame).toString('hex')).toBe(`ab010203040102${'ee'.repeat(0x0102)}`)
    expect([FRAME_HEAD_BYTES, MAX_SEQUENCE, MAX_REQUEST_BYTES]).toEqual([7, 4_294_967_295, 32_768])
    expect(readFrame(writeFrame({ ...frame, sequence: MAX_SEQUENCE }))?.sequence).toBe(MAX_SEQUENCE)
  })

  it('carry 65,535 bytes and not one more, and an empty message', () => {
    const message = Buffer.alloc(65_535, 1)
    expect(MAX_MESSAGE_BYTES).toBe(65_535)
    expect(readFrame(writeFrame({ kind: 1, sequence: 1, message }))?.message).toEqual(message)
    expect(() => writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(65_536) })).toThrow(
      new RangeError('the message is longer than a frame can carry'),
    )
    const empty = writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(0) })
    expect(empty).toHaveLength(7)
    expect(readFrame(empty)).toEqual({ kind: 1, sequence: 1, message: Buffer.alloc(0) })
    expect(frameReader().push(empty)).toEqual([{ kind: 1, sequence: 1, message: Buffer.alloc(0) }])
  })

  it('of a body are read up to the bound that the reader was given, from any part of a buffer, as a view', () => {
    const bytes = writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(100, 1) })
    expect(readFrame(bytes, 100)?.message).toHaveLength(100)
    expect(readFrame(bytes, 99)).toBeUndefined()
    const whole = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)])
    const frame = readFrame(whole.subarray(3, -3))!
    expect(frame).toMatchObject({ kind: 1, sequence: 1 })
    whole[10] = 9
    expect(frame.message[0]).toBe(9)
  })

  it('come out of a line cut at any one byte, and what the line brought is not kept as it lies', () => {
    const frames = [
      { kind: 1, sequence: 2, message: Buffer.from('abc') },
      { kind: 3, sequence: 4, message: Buffer.alloc(0) },
      { kind: 5, sequence: 6, message: Buffer.from('d') },
    ]
    const line = Buffer.concat(frames.map(writeFrame))
    const endsAt = [10, 17, 25]
    for (let cut = 0; cut <= line.length; cut++) {
      const reader = frameReader()
      const chunk = Buffer.from(line.subarray(0, cut))
      const first = reader.push(chunk) as readonly Frame[]
      expect(first).toEqual(frames.slice(0, endsAt.filter((end) => end <= cut).length))
      chunk.fill(0xff)
      const second = reader.push(line.subarray(cut)) as readonly Frame[]
      expect([...first, ...second]).toEqual(frames)
    }
  })

  it('end the reading where a peer announces more than the bound, and for good', () => {
    const reader = frameReader(100)
    const good = writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(100) })
    expect(reader.push(good)).toHaveLength(1)
    expect(reader.push(writeFrame({ kind: 1, sequence: 1, message: Buffer.alloc(101) }).subarray(0, 7))).toBe(
      'too-long',
    )
    expect(reader.push(Buffer.alloc(1))).toBe('too-long')
    expect(reader.push(good)).toBe('too-long')
    // The head alone says it, once it is whole.
    const other = frameReader(100)
    expect(other.push(Buffer.from('0100000001ff', 'hex'))).toEqual([])
    expect(other.push(Buffer.of(0xff))).toBe('too-long')
  })
})
