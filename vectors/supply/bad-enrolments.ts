// Answers to a device that is not a terminal yet, each good but for one thing. The device asked with poll 2.

import { encodeCbor } from '@scratchless/wire/compact/cbor'
import { mac0 } from '@scratchless/wire/compact/cose'
import { writeFrame } from '@scratchless/wire/compact/frame'
import { enrolmentAnswer, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKid } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { externalData, KIND } from '@scratchless/wire/supply/envelope'
import { encodeLevelled, LEVEL } from '@scratchless/wire/supply/level'
import * as example from '../../wire/testing/supply-examples.ts'
import { asked, enrolling } from './good-messages.ts'
import { hex, keep } from './keep-vectors.ts'

const { ENROLMENT_NUMBER, exampleEnrolmentKeys: keys } = example
const POLL = 2
const welcome = example.enrolled()
const payload = encodeLevelled(enrolmentAnswer, welcome, LEVEL)

function bad(name: string, says: string, frame: Buffer): void {
  keep(`bad-enrolment-${name}`, frame, {
    ...{ verdict: 'unacceptable', kind: 'enrolment-answer', says, from: 'centre' },
    ...{ who: String(ENROLMENT_NUMBER), sequence: POLL, answering: hex(asked.payloadHash) },
    must: 'The device believes nothing of it, stays without a name, and asks again with its next poll.',
  })
}
const macked = (what: Uint8Array, key = keys.answer, number = ENROLMENT_NUMBER) => {
  const external = externalData('enrolment-answer', String(number), POLL, asked.payloadHash)
  return writeFrame({
    ...{ kind: KIND['enrolment-answer'], sequence: POLL },
    message: mac0(what, external, enrolmentKid(number), key),
  })
}
bad('other-direction', 'MACed under the key of the requests', macked(payload, keys.request))
bad('other-number', 'of enrolment 1043, under the keys of 1042', macked(payload, keys.answer, 1_043))
bad(
  'other-poll',
  'the answer to poll 1, in a frame that says 2',
  (() => {
    const earlier = enrolmentAnswerMessage.mac(welcome, keys, enrolling(asked.payloadHash, 1)).frame
    return writeFrame({ kind: KIND['enrolment-answer'], sequence: POLL, message: earlier.subarray(7) })
  })(),
)
const otherNonce = { ...example.enrolmentRequest, nonce: Buffer.alloc(16, 0xee) }
const other = enrolmentRequestMessage.mac(otherNonce, keys, enrolling(null, POLL))
bad(
  'other-nonce',
  'the answer to a request with another nonce',
  enrolmentAnswerMessage.mac(welcome, keys, enrolling(other.payloadHash, POLL)).frame,
)
bad(
  'request-sent-back',
  'the device’s own request, with the kind of an answer',
  writeFrame({ kind: KIND['enrolment-answer'], sequence: POLL, message: asked.frame.subarray(7) }),
)
bad('next-level', 'MACed well; of level 2', macked(encodeLevelled(enrolmentAnswer, welcome, 2)))
bad('unknown-state', 'MACed well; a state that there is not', macked(encodeCbor([LEVEL, 3, example.NOW_S])))
bad(
  'without-last-sequence',
  'MACed well; the last field is missing',
  macked(encodeCbor([LEVEL, ...(enrolmentAnswer.toLine(welcome) as never[]).slice(0, -1)])),
)
