// Writes vectors/supply. Run by hand, and only when a message changes on purpose: signatures are
// random, so each run gives other bytes, and the bytes that are committed are the truth.
//
//   node vectors/supply/make-vectors.ts

import { writeFileSync } from 'node:fs'
import { UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { index, readable } from './keep-vectors.ts'
// In this order: the bad ones are made of the good ones.
import './good-messages.ts'
import './shop-messages.ts'
import './refusals.ts'
import './next-level.ts'
import './bad-messages.ts'
import './bad-enrolments.ts'
import './bad-certificates.ts'
import './bad-catalogues.ts'

writeFileSync(
  new URL('index.json', import.meta.url),
  `${JSON.stringify(
    {
      about:
        'Frames of docs/protocol/supply.md. from terminal: the centre reads it; from centre: the terminal does, in enrolment the device. A reader has sequence and answering (SHA-256 of the kind byte and payload of its own request) from its own store; who is the terminal of the external data, in enrolment the enrolment number. must is what the reader does. Certificates are judged by the root and the names of the enrolment, at the timeS of the answer.',
      nextLevel:
        'A made-up level 2, for readerLevel 2 and askedLevel: a supply order has one field more at its end, note (text, 0 to 20 bytes); the status answer’s words of fate have one more at their end, forgotten; the supply refusal is as at level 1.',
      unacceptableFrame: UNACCEPTABLE_FRAME.toString('hex'),
      vectors: index,
    },
    readable,
    2,
  )}\n`,
)

process.stdout.write(`${index.length} supply vectors\n`)
