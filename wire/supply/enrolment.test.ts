import { describe, expect, it } from 'vitest'
import { readFrame } from '../compact/frame.ts'
import { enrolmentRequest, exampleEnrolmentKeys as keys, NOW_S } from '../testing/supply-examples.ts'
import { type EnrolmentAnswer, enrolmentAnswerMessage } from './enrolment-answer.ts'
import { enrolmentKeys, readEnrolmentCode } from './enrolment-code.ts'
import { enrolmentRequestMessage } from './enrolment-request.ts'

const enrolmentNumber = enrolmentRequest.enrolmentNumber
const asks = (poll: number) => ({ enrolmentNumber, poll, answering: null })
const asked = enrolmentRequestMessage.mac(enrolmentRequest, keys, asks(1))
const request = readFrame(asked.frame)!
const waiting: EnrolmentAnswer = { state: 'waiting', timeS: NOW_S }

describe('an enrolment', () => {
  it('is heard by whoever knows the code, and by nobody else', () => {
    expect(enrolmentRequestMessage.verify(request, keys, asks(1))).toMatchObject({
      content: { enrolmentNumber },
    })
    const otherCode = enrolmentKeys(readEnrolmentCode('ABCD-EFGH-JKMN-PQRT')!, enrolmentNumber)
    expect(enrolmentRequestMessage.verify(request, otherCode, asks(1))).toBe('unacceptable')
    const otherNumber = enrolmentKeys(readEnrolmentCode('ABCD-EFGH-JKMN-PQRS')!, enrolmentNumber + 1)
    expect(enrolmentRequestMessage.verify(request, otherNumber, asks(1))).toBe('unacceptable')
  })

  it('cannot be asked in the name of another number with one’s own code', () => {
    const lying = enrolmentRequestMessage.mac({ ...enrolmentRequest, enrolmentNumber: 7 }, keys, asks(1))
    expect(enrolmentRequestMessage.verify(readFrame(lying.frame)!, keys, asks(1))).toBe('unacceptable')
  })

  it('hears the answer to the poll it made, not to an earlier one', () => {
    const first = { enrolmentNumber, poll: 1, answering: asked.payloadHash }
    const answer = readFrame(enrolmentAnswerMessage.mac(waiting, keys, first).frame)!
    expect(enrolmentAnswerMessage.verify(answer, keys, first)).toMatchObject({ content: waiting })
    expect(enrolmentAnswerMessage.verify({ ...answer, sequence: 2 }, keys, { ...first, poll: 2 })).toBe(
      'unacceptable',
    )
  })

  it('does not take words in one direction for words in the other', () => {
    const swapped = { request: keys.answer, answer: keys.request }
    expect(enrolmentRequestMessage.verify(request, swapped, asks(1))).toBe('unacceptable')
  })
})
