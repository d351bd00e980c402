// One message on a line. The same bytes are the body of an HTTPS request or answer and follow one another
// on a plain connection or a modem.
//
//    0        1        2        3        4        5        6        7 …
//   +--------+--------+--------+--------+--------+--------+--------+----------------+
//   |  kind  |  sequence, 32 bits, big-endian    | length, 16 bits |  length bytes  |
//   +--------+--------+--------+--------+--------+--------+--------+----------------+
//
// Kind and sequence are not believed from here: the message's signature (or MAC) covers both as external data,
// so a frame whose head was changed does not verify. The length counts the message alone. There is no version
// field: a message's level is inside it, where the signature covers it.

export const FRAME_HEAD_BYTES = 7

/** What 16 bits of length can say. The largest delivery, 1,000 codes each a run of its own, has some 40,000 bytes. */
export const MAX_MESSAGE_BYTES = 0xffff

/** What the centre reads from a peer it does not know yet: the largest sales report, no sale in a run, has 25,000. */
export const MAX_REQUEST_BYTES = 32_768

export const MAX_SEQUENCE = 0xffff_ffff

export interface Frame {
  /** Unverified until the message is opened. */
  readonly kind: number
  /** Unverified until the message is opened. */
  readonly sequence: number
  readonly message: Uint8Array
}

/** Throws a RangeError on a message that no frame can carry. */
export function writeFrame({ kind, sequence, message }: Frame): Buffer {
  if (message.length > MAX_MESSAGE_BYTES) throw new RangeError('the message is longer than a frame can carry')
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + message.length)
  bytes.writeUInt8(kind, 0)
  bytes.writeUInt32BE(sequence, 1)
  bytes.writeUInt16BE(message.length, 5)
  bytes.set(message, FRAME_HEAD_BYTES)
  return bytes
}

/** The one frame that these bytes are, wholly; undefined otherwise. The message is a view, not a copy. */
export function readFrame(bytes: Uint8Array, maxMessageBytes = MAX_MESSAGE_BYTES): Frame | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < FRAME_HEAD_BYTES) return undefined
  const length = buffer.readUInt16BE(5)
  if (length > maxMessageBytes || buffer.length !== FRAME_HEAD_BYTES + length) return undefined
  return {
    kind: buffer.readUInt8(0),
    sequence: buffer.readUInt32BE(1),
    message: buffer.subarray(FRAME_HEAD_BYTES),
  }
}

interface FrameReader {
  /**
   * Takes what the line brought and returns the frames now whole, in order. `too-long`: the peer announced more
   * than this reader takes; it is of no more use and the connection should be closed.
   */
  push(chunk: Uint8Array): readonly Frame[] | 'too-long'
}

/** Reads frames from a line that brings them in pieces; holds one frame's bytes at most. */
export function frameReader(maxMessageBytes = MAX_MESSAGE_BYTES): FrameReader {
  let held = Buffer.alloc(0)
  let broken = false
  return {
    push(chunk) {
      if (broken) return 'too-long'
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
      const frames: Frame[] = []
      let at = 0
      while (held.length - at >= FRAME_HEAD_BYTES) {
        const length = held.readUInt16BE(at + 5)
        if (length > maxMessageBytes) {
          broken = true
          held = Buffer.alloc(0)
          return 'too-long'
        }
        const end = at + FRAME_HEAD_BYTES + length
        if (held.length < end) break
        frames.push({
          kind: held.readUInt8(at),
          sequence: held.readUInt32BE(at + 1),
          message: held.subarray(at + FRAME_HEAD_BYTES, end),
        })
        at = end
      }
      held = held.subarray(at)
      return frames
    },
  }
}
