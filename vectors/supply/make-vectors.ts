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
import './bad-messages.ts'

writeFileSync(
  new URL('index.json', import.meta.url),
  `${JSON.stringify(
    {
      about:
        'Frames of docs/protocol/supply.md. A reader has sequence and answering (SHA-256 of the kind byte and payload of its own request) from its own store; who is the terminal of the external data, in enrolment the enrolment number.',
      unacceptableFrame: UNACCEPTABLE_FRAME.toString('hex'),
      vectors: index,
    },
    readable,
    2,
  )}\n`,
)

process.stdout.write(`${index.length} supply vectors\n`)
