// One terminal's connection to one centre: frames over a socket, one question at a time. A connection that breaks is
// opened again by the next question.

import { connect, type Socket } from 'node:net'
import type { Place } from '@scratchless/program/http/listen'
import { frameReader, writeFrame } from '@scratchless/wire/compact/frame'

/** No answer, for whatever reason: the same bytes are asked again. */
export class LineBroken extends Error {
  /** Whether somebody was there who may have read the question. */
  readonly heard: boolean
  constructor(why: string, heard: boolean) {
    super(why)
    this.heard = heard
  }
}

export interface FrameLine {
  /** The one frame that answers. Rejects with a LineBroken. */
  ask(frame: Uint8Array): Promise<Uint8Array>
  close(): void
}

const ANSWER_WITHIN_MS = 20_000

export function openFrameLine({ host, port }: Place): FrameLine {
  let socket: Socket | null = null
  let connected = false
  let waiting: PromiseWithResolvers<Uint8Array> | null = null

  function broken(why: string): void {
    socket?.destroy()
    socket = null
    waiting?.reject(new LineBroken(why, connected))
    waiting = null
    connected = false
  }

  function open(): Socket {
    const opened = connect({ host, port, noDelay: true })
    const reader = frameReader()
    opened.setTimeout(ANSWER_WITHIN_MS, () => opened === socket && waiting && broken('no answer came'))
    opened.on('connect', () => {
      connected = true
    })
    opened.on('error', (error) => opened === socket && broken(error.message))
    opened.on('close', () => opened === socket && broken('the line was cut'))
    opened.on('data', (chunk) => {
      if (opened !== socket) return
      const frames = reader.push(chunk)
      if (frames === 'too-long') return broken('more came than a frame holds')
      for (const frame of frames) {
        waiting?.resolve(writeFrame(frame))
        waiting = null
      }
    })
    return opened
  }

  return {
    ask(frame) {
      if (waiting !== null) throw new Error('a line is asked one question at a time')
      waiting = Promise.withResolvers<Uint8Array>()
      const { promise } = waiting
      socket ??= open()
      socket.write(frame)
      return promise
    },
    close() {
      broken('the line was closed')
    },
  }
}
