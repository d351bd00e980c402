// Certificates that a device or terminal must refuse, in an enrolment's answer and in a renewal. Everything around them
// is good: MAC, signature, shape. Whoever does not look at the certificates takes them all.

import { createPublicKey } from 'node:crypto'
import { decodeCbor, encodeCbor } from '@scratchless/wire/compact/cbor'
import { p256Signer, type Signer, sign1, verify1 } from '@scratchless/wire/compact/cose'
import { type Certificate, kidOfNumber, ROOT_KID } from '@scratchless/wire/compact/cwt'
import { enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { renewalMessage } from '@scratchless/wire/supply/renewal'
import * as example from '../../wire/testing/supply-examples.ts'
import { asked, enrolling } from './good-messages.ts'
import { answers, hex, keep } from './keep-vectors.ts'
import { newKey, RENEW_SEQUENCE, renew } from './shop-messages.ts'

const { NOW_S, certificateFor, standing } = example
const POLL = 2

interface Pair {
  readonly terminal: Buffer
  readonly centre: Buffer
}
type Made = (purpose: 'terminal' | 'centre', changes?: Partial<Certificate>, by?: Signer) => Buffer

const otherRoot = p256Signer(ROOT_KID, example.otherTerminalKey)
const rootVerifier = { kid: ROOT_KID, publicKey: createPublicKey(example.rootKey) }

/** The certificate with a claim more, signed by the root. */
function withClaimMore(certificate: Buffer): Buffer {
  const claims = decodeCbor(verify1(certificate, new Uint8Array(0), rootVerifier)!) as Map<number, never>
  return sign1(encodeCbor(new Map([...claims, [5, NOW_S]])), new Uint8Array(0), example.root)
}

/** Signed as a message is, with external data, where a certificate has none. */
function withExternalData(certificate: Buffer): Buffer {
  const claims = verify1(certificate, new Uint8Array(0), rootVerifier)!
  return sign1(claims, Buffer.from('00', 'hex'), example.root)
}

function lastBitChanged(certificate: Buffer): Buffer {
  const copy = Buffer.from(certificate)
  copy[copy.length - 1]! ^= 1
  return copy
}

const swapped: readonly [string, string, string] = [
  'swapped',
  'the terminal’s certificate stands in the place of the centre’s, and the other way round',
  'It takes for the centre’s whatever this terminal’s own key signs.',
]

/** What is wrong, what it is called, and what it does to whoever takes it. */
function badPairs(of: Made): [name: string, says: string, without: string, pair: Pair][] {
  const terminal = (changes: Partial<Certificate>, by?: Signer) => ({
    terminal: of('terminal', changes, by),
    centre: of('centre'),
  })
  const centre = (changes: Partial<Certificate>, by?: Signer) => ({
    terminal: of('terminal'),
    centre: of('centre', changes, by),
  })
  const both = { terminal: of('terminal'), centre: of('centre') }
  const elsewhere = { issuer: 'elsewhere', subject: 'elsewhere' }
  return [
    [
      'terminal-expired',
      'the terminal’s certificate ends at this very second',
      'It signs under a certificate that the centre takes no more.',
      terminal({ issuedAtS: NOW_S - 90 * 86_400, expiresAtS: NOW_S }),
    ],
    [
      'terminal-not-yet',
      'the terminal’s certificate begins a second later',
      'It signs under a certificate that does not hold yet.',
      terminal({ issuedAtS: NOW_S + 1 }),
    ],
    [
      'terminal-other-purpose',
      'the terminal’s certificate is one for signing as the centre',
      'It holds a certificate with which it could answer other terminals.',
      terminal({ purpose: 'centre' }),
    ],
    [
      'terminal-other-subject',
      'the terminal’s certificate is for T00002',
      'It works under the name of another terminal.',
      terminal({ subject: example.otherTerminal }),
    ],
    [
      'terminal-other-issuer',
      'the terminal’s certificate names another centre as its issuer',
      'It is a terminal of a centre at which nobody enrolled it.',
      terminal({ issuer: 'elsewhere' }),
    ],
    [
      'terminal-other-root',
      'the terminal’s certificate was signed by another key than the root',
      'It signs under a certificate that anybody could have made.',
      terminal({}, otherRoot),
    ],
    [
      'terminal-other-key',
      'the terminal’s certificate is over another key than the one that it asked for',
      'It signs under a number whose key somebody else has.',
      terminal({ publicKey: example.centreVerifier.publicKey }),
    ],
    [
      'terminal-signature',
      'the last bit of the terminal’s certificate is another',
      'It believes a certificate that nobody signed.',
      { ...both, terminal: lastBitChanged(both.terminal) },
    ],
    [
      'terminal-claim-more',
      'the terminal’s certificate has an eighth claim',
      'It passes over a claim that it does not know.',
      { ...both, terminal: withClaimMore(both.terminal) },
    ],
    [
      'terminal-external-data',
      'the terminal’s certificate was signed with external data',
      'It takes a signature that was made for something else.',
      { ...both, terminal: withExternalData(both.terminal) },
    ],
    [
      'centre-expired',
      'the centre’s certificate ends at this very second',
      'It believes answers under a key that the centre has put away.',
      centre({ issuedAtS: NOW_S - 90 * 86_400, expiresAtS: NOW_S }),
    ],
    [
      'centre-not-yet',
      'the centre’s certificate begins a second later',
      'It believes answers under a key that is not in force.',
      centre({ issuedAtS: NOW_S + 1 }),
    ],
    [
      'centre-other-purpose',
      'the centre’s certificate is one for signing as a terminal',
      'It believes a terminal’s key to be the centre’s.',
      centre({ purpose: 'terminal' }),
    ],
    [
      'centre-other-subject',
      'the centre’s certificate is for somebody else',
      'It believes the answers of whoever that is.',
      centre({ subject: 'elsewhere' }),
    ],
    [
      'centre-other-issuer',
      'the centre’s certificate names another issuer',
      'It believes a key that this centre never named.',
      centre({ issuer: 'elsewhere' }),
    ],
    [
      'centre-of-another-centre',
      'the centre’s certificate is that of another centre',
      'It believes the answers of another centre.',
      centre(elsewhere),
    ],
    [
      'centre-other-root',
      'the centre’s certificate was signed by another key than the root',
      'It believes the answers of whoever made that certificate.',
      centre({}, otherRoot),
    ],
    [
      'centre-signature',
      'the last bit of the centre’s certificate is another',
      'It believes a certificate that nobody signed.',
      { ...both, centre: lastBitChanged(both.centre) },
    ],
    [...swapped, { terminal: both.centre, centre: both.terminal }],
  ]
}

for (const [name, says, withoutCertificateChecks, pair] of badPairs(certificateFor)) {
  const content = {
    ...(example.enrolled() as Extract<ReturnType<typeof example.enrolled>, { state: 'enrolled' }>),
    ...{ terminalCertificate: pair.terminal, centreCertificate: pair.centre },
  }
  const binding = enrolling(asked.payloadHash, POLL)
  keep(
    `bad-enrolment-${name}`,
    enrolmentAnswerMessage.mac(content, example.exampleEnrolmentKeys, binding).frame,
    {
      ...{ verdict: 'unacceptable', kind: 'enrolment-answer', says: `MACed well; ${says}`, from: 'centre' },
      ...{ who: String(example.ENROLMENT_NUMBER), sequence: POLL, answering: hex(asked.payloadHash) },
      must: 'The device takes neither name nor certificates, and asks again with its next poll.',
      withoutCertificateChecks,
    },
  )
}

const renewed: Made = (purpose, changes, by) =>
  purpose === 'centre'
    ? certificateFor('centre', changes, by)
    : certificateFor('terminal', { publicKey: newKey, kid: kidOfNumber(3), ...changes }, by)
function badRenewal(name: string, says: string, withoutCertificateChecks: string, pair: Pair): void {
  const content = { standing, terminalCertificate: pair.terminal, centreCertificate: pair.centre }
  const binding = answers(RENEW_SEQUENCE, renew)
  keep(`bad-renewal-${name}`, renewalMessage.sign(content, example.centreSigner, binding).frame, {
    ...{ verdict: 'unacceptable', kind: 'renewal', says: `well signed; ${says}`, from: 'centre' },
    ...{ who: example.terminal, sequence: RENEW_SEQUENCE, answering: hex(renew.payloadHash) },
    must: 'The terminal keeps the key and the certificates that it has, and sends the same request again later.',
    withoutCertificateChecks,
  })
}
for (const bad of badPairs(renewed)) badRenewal(...bad)
badRenewal(
  'old-key',
  'the certificate is over the key that is to end',
  'It throws away the key that its certificate names.',
  {
    terminal: certificateFor('terminal', { kid: kidOfNumber(3) }),
    centre: certificateFor('centre'),
  },
)
badRenewal(
  'old-number',
  'the certificate over the new key has the number of the one before',
  'Two keys have one number, and no reader can tell which is meant.',
  {
    terminal: certificateFor('terminal', { publicKey: newKey }),
    centre: certificateFor('centre'),
  },
)
