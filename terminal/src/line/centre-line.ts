// What carries frames to the centre and back: HTTPS, or a plain connection such as a modem gives. Neither is
// believed: the messages protect themselves.

import { createConnection, type Socket } from 'node:net'
import { createPinnedClient, LineFault } from '@scratchless/keys/pinned-client'
import { type Frame, frameReader, readFrame } from '@scratchless/wire/compact/frame'
import type { Config } from '../config.ts'
import type { Carrier } from '../supply/reporting-rule.ts'

export interface CentreLine {
  /** Where it is not said, asking costs no call. */
  readonly carrier?: Carrier
  /** Sends one frame and returns the frame that came back. Throws a LineFault where none came. */
  ask(frame: Uint8Array): Promise<Frame>
  close(): void
}

/** A delivery of 1,000 codes takes 85 s at 240 bytes a second, after 40 s of dialling. */
const ANSWER_WITHIN_MS = 150_000
const CONTENT_TYPE = 'application/cose'

export function connectCentre(centre: Config['centre']): CentreLine {
  const line = centre.transport === 'https' ? httpsLine(centre) : plainLine(centre.frames)
  return { ...line, carrier: centre.modem ? 'modem' : centre.transport }
}

function httpsLine({ url, tlsAuthority, tlsPin }: Config['centre']): CentreLine {
  const client = createPinnedClient({ authorityPem: tlsAuthority, spkiSha256: tlsPin })
  return {
    async ask(frame) {
      const answer = await client.post({
        url,
        body: frame,
        contentType: CONTENT_TYPE,
        timeoutMs: ANSWER_WITHIN_MS,
      })
      const read = answer.status === 200 ? readFrame(answer.body) : undefined
      if (read === undefined) throw new LineFault('cut', new Error(`status ${answer.status}, no frame`))
      return read
    },
    close: () => client.close(),
  }
}

/** One connection, one request at a time on it; the answer comes on the same connection. */
function plainLine(address: { host: string; port: number }): CentreLine {
  let socket: Socket | null = null
  return {
    ask(frame) {
      return new Promise((resolve, reject) => {
        const kept = socket !== null && !socket.destroyed
        const used = kept ? socket! : createConnection({ ...address, noDelay: true, keepAlive: true })
        socket = used
        const reader = frameReader()
        let connected = kept
        const fail = (problem: 'unreachable' | 'cut' | 'timed-out' | 'too-large', cause?: unknown) => {
          end()
          // Half an answer may still come: the connection is of no more use.
          used.destroy()
          socket = null
          reject(new LineFault(problem, cause))
        }
        const timer = setTimeout(() => fail('timed-out'), ANSWER_WITHIN_MS)
        const onError = (error: Error) => fail(connected ? 'cut' : 'unreachable', error)
        const onClose = () => fail('cut')
        const onConnect = () => {
          connected = true
        }
        const onData = (chunk: Buffer) => {
          const frames = reader.push(chunk)
          if (frames === 'too-long') return fail('too-large')
          if (frames[0] === undefined) return
          end()
          resolve(frames[0])
        }
        const end = () => {
          clearTimeout(timer)
          used.off('error', onError).off('close', onClose).off('data', onData).off('connect', onConnect)
          // Between two requests nobody else listens: a reset connection is found out at the next.
          used.on('error', () => used.destroy())
        }
        used.removeAllListeners('error')
        used.on('error', onError).on('close', onClose).on('data', onData).on('connect', onConnect)
        used.write(frame)
      })
    },
    close: () => socket?.destroy(),
  }
}
