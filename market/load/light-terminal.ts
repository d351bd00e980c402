// A terminal for load: what a maker would write from the protocol pages, without store, card or printer. It keeps its
// place in the sequence and the serials that it was delivered.

import { createPrivateKey, createPublicKey } from 'node:crypto'
import { type TerminalId, terminalId } from '@scratchless/voucher/ids'
import { p256Signer, type Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { readFrame } from '@scratchless/wire/compact/frame'
import { type AnswerTo, type RequestKind, verifyAnswer } from '@scratchless/wire/supply/answer'
import type { Binding, Signed } from '@scratchless/wire/supply/envelope'

/** What an enrolled device holds, as it travels from process to process: keys in base64 of their DER. */
export interface LightDevice {
  readonly id: string
  readonly kid: string
  readonly privateKey: string
  readonly centreKid: string
  readonly centreKey: string
  readonly lastSequence: number
}

export interface Asked extends Signed {
  readonly sequence: number
}

export interface LightTerminal {
  readonly id: TerminalId
  /** Signs the next request. */
  sign<Content>(
    message: { sign(content: Content, signer: Signer, binding: Binding): Signed },
    content: Content,
  ): Asked
  /** Throws where the bytes are no answer to just this request. */
  read<R extends RequestKind>(kind: R, answer: Uint8Array, asked: Asked): AnswerTo<R>
}

export function lightTerminal(device: LightDevice): LightTerminal {
  const id = terminalId(device.id)
  const der = (text: string) => Buffer.from(text, 'base64')
  const signer = p256Signer(
    Buffer.from(device.kid, 'hex'),
    createPrivateKey({ key: der(device.privateKey), format: 'der', type: 'pkcs8' }),
  )
  const verifier: Verifier = {
    kid: Buffer.from(device.centreKid, 'hex'),
    publicKey: createPublicKey({ key: der(device.centreKey), format: 'der', type: 'spki' }),
  }
  let sequence = device.lastSequence
  return {
    id,
    sign(message, content) {
      sequence++
      return { ...message.sign(content, signer, { terminal: id, sequence, answering: null }), sequence }
    },
    read(kind, bytes, asked) {
      const frame = readFrame(bytes)
      const binding = { terminal: id, sequence: asked.sequence, answering: asked.payloadHash }
      const answer = frame === undefined ? 'unacceptable' : verifyAnswer(kind, frame, verifier, binding)
      if (answer === 'unacceptable') throw new Error(`${id} ${asked.sequence}: the answer does not verify`)
      return answer
    },
  }
}
