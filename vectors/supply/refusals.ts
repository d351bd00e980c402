// One refusal of each reason, as the answer to a request that can get it.

import { vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialNumber } from '@scratchless/voucher/serial'
import { claimMessage } from '@scratchless/wire/supply/claim'
import type { Signed } from '@scratchless/wire/supply/envelope'
import { proposalAnswerMessage } from '@scratchless/wire/supply/proposal-answer'
import { type SupplyRefusalReason, supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import * as example from '../../wire/testing/supply-examples.ts'
import { letterAsked, received, tooMuch } from './good-messages.ts'
import { answers, asks, good } from './keep-vectors.ts'

const { NOW_S, standing } = example
const atlas5 = productId('ATLAS-5')

/** Until people have looked, and not a second longer. */
const ended = { ...standing, leaseUntilS: NOW_S }
const STOP = 'The terminal stops selling with this answer, says why, and no later repeat lengthens its lease.'

function refused(
  request: Signed,
  sequence: number,
  why: SupplyRefusalReason,
  says: string,
  must: string,
  said = standing,
): void {
  const content = { standing: said, availableMinor: 12_000n, why }
  const binding = answers(sequence, request)
  const signed = supplyRefusalMessage.sign(content, example.centreSigner, binding)
  good('supply-refusal', signed, says, content, binding, `supply-refusal-${why.reason}`, { must })
}
const order = (why: SupplyRefusalReason, says: string, must: string, said = standing) =>
  refused(tooMuch, 3, why, says, must, said)

order(
  { reason: 'terminal-revoked', why: 'stolen' },
  'the terminal is known as stolen; its lease ends with this answer’s own time',
  `${STOP} A person calls the centre.`,
  ended,
)
order(
  { reason: 'terminal-locked', why: 'two-journals', sinceS: NOW_S - 60 },
  'two journals were seen under its name; its lease ends with this answer’s own time',
  `${STOP} The request stands and is sent again once people have unlocked the terminal.`,
  ended,
)
order(
  { reason: 'content-altered' },
  'this sequence came before with another content: the terminal is locked from now on',
  `${STOP} A person calls the centre.`,
  ended,
)
order(
  { reason: 'sequence-unexpected', expected: 17 },
  'the next sequence is 17',
  'The request stands; a person calls the centre.',
)
order(
  { reason: 'not-offered' },
  'understood, and not done at this centre',
  'The terminal shows it and does not ask again by itself.',
)
order(
  { reason: 'request-expired' },
  'it arrived past its own expiry',
  'The terminal sets its clock by the standing and orders anew.',
)
order({ reason: 'retailer-closed' }, 'the account is closed', 'The terminal shows it.')
order(
  { reason: 'account-blocked', why: 'overdue', owedMinor: 95_000n, sinceS: NOW_S - 86_400 },
  'TND 95.000 are overdue since yesterday',
  'The terminal shows what is owed and since when; it may sell what it has.',
)
order(
  { reason: 'order-window-closed', opensAtS: NOW_S + 3_600 },
  'orders are taken again in an hour',
  'The terminal shows from when on it may order.',
)
refused(
  letterAsked,
  1,
  { reason: 'no-card' },
  'no card of this shop is registered',
  'A person must register a card; the terminal asks again with the next session, not in a loop.',
)
order(
  { reason: 'card-letter-needed', letter: 5 },
  'the terminal holds letter 4 and should hold 5',
  'The terminal asks for the card letter, then orders anew under a new sequence.',
)
order(
  { reason: 'unknown-product', products: [atlas5] },
  'this product is not in its catalogue any more',
  'The terminal asks for the catalogue.',
)
order(
  { reason: 'price-changed', prices: [{ product: atlas5, unitPriceMinor: 4_800n }] },
  'the price is TND 4.800 now',
  'The terminal shows the new price; it orders anew once a person agrees.',
)
order(
  { reason: 'ceiling-exceeded', codes: 10, freeAtS: NOW_S + 7_200 },
  'ten codes may be ordered in two hours',
  'The terminal says how many it may order, and from when on.',
)
order(
  { reason: 'cap-exceeded', freeMinor: 50_000n },
  'TND 50.000 more may be on board',
  'The terminal says for how much it may order.',
)
order({ reason: 'no-stock', products: [atlas5] }, 'there are none', 'The terminal shows it.')
refused(
  received,
  5,
  { reason: 'unknown-delivery' },
  'the receipt is for no delivery of this terminal, or has another hash',
  'The terminal keeps its codes, does not repeat the receipt, and tells a person.',
)

export const claimed = claimMessage.sign(
  {
    claims: [
      {
        ...{ product: atlas5, serial: serialNumber('104822773901'), ticket: 18_342 },
        ...{ vendor: vendorId('02'), soldAtS: NOW_S, what: 'code-refused' },
      },
    ],
  },
  example.terminalSigner,
  asks(21),
)
refused(
  claimed,
  21,
  { reason: 'not-understood', highestLevel: 1 },
  'at its level-1 shape, whatever was asked',
  'The terminal speaks level 1 at most from now on. Where it does already, it tells a person to update.',
)
refused(
  proposalAnswerMessage.sign(
    { number: 3, answer: { answer: 'declined', why: 'other' } },
    example.terminalSigner,
    asks(22),
  ),
  22,
  { reason: 'unknown-subject' },
  'this terminal has no such proposal',
  'The terminal forgets the proposal.',
)
