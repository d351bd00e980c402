// Bad ones among what is no order and no delivery: messages of a name or level that nobody knows, and notices whose
// encrypted content breaks one rule.

import { writeAuditHead } from '@scratchless/wire/restock/audit-head-field'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import { encryptData } from '@scratchless/wire/xml/encrypt'
import {
  exampleActivation,
  exampleNextKey,
  exampleNoticeReceipt,
} from '../../wire/testing/restock-examples.ts'
import { NS, readVector, signed, signing, type Vector, without } from './keep-vectors.ts'

type Bad = (
  file: string,
  refusal: RestockRefusal,
  why: string,
  make: () => Buffer | string | Promise<Buffer | string>,
  other: Partial<Vector>,
) => Promise<void>

/** `payload`: of a good delivery. */
export async function makeUnknownMessages(bad: Bad, payload: string): Promise<void> {
  const ofAnyName = (name: string, level: number) =>
    payload
      .replaceAll('RestockDelivery', name)
      .replace('<Level>1<', `<Level>${level}<`)
      .replace(/<OrderId>.*(?=<xenc:EncryptedData)/, '<Forecast>1000</Forecast>')
  const any = { message: 'any' } as const
  await bad(
    'name-unknown.xml',
    'not-understood',
    'a name that no level knows, truly signed',
    () => signed(ofAnyName('RestockForecast', 2)),
    any,
  )
  await bad(
    'name-unknown-of-level-1.xml',
    'not-understood',
    'a name that level 1 does not have, truly signed',
    () => signed(ofAnyName('RestockForecast', 1)),
    any,
  )
  for (const level of ['0', '02', '100', '2.0', ''])
    await bad(
      `name-unknown-level-${level === '' ? 'empty' : level}.xml`,
      'content-invalid',
      'a name that no level knows, and a level that there cannot be',
      () => signed(ofAnyName('RestockForecast', 2).replace('<Level>2<', `<Level>${level}<`)),
      any,
    )
  await bad(
    'name-known-of-higher-level.xml',
    'not-understood',
    'a known name of a level above the agreed one',
    () =>
      signed(
        without(readVector('lot-activation.interop.xml'), 'ds:Signature').replace('<Level>1<', '<Level>2<'),
      ),
    any,
  )
  await bad(
    'name-unknown-by-another.xml',
    'signature-wrong',
    'a name that no level knows, signed by another',
    () => signed(ofAnyName('RestockForecast', 2), 'interop', 'sahel'),
    any,
  )
  await bad(
    'name-unknown-unsigned.xml',
    'signature-shape',
    'a name that no level knows, without a signature',
    () => ofAnyName('RestockForecast', 2),
    any,
  )
  await bad(
    'name-unknown-for-another.xml',
    'header-differs',
    'a name that no level knows, addressed to another',
    () => signed(ofAnyName('RestockForecast', 2).replace('<Receiver>centre<', '<Receiver>other-centre<')),
    any,
  )
  await bad(
    'name-too-long.xml',
    'other-message',
    'a name of 41 letters',
    () => signed(ofAnyName(`R${'a'.repeat(40)}`, 2)),
    any,
  )
  await bad(
    'name-prefixed.xml',
    'other-message',
    'a root with a prefix',
    () => signed(ofAnyName('r:Forecast', 2).replace('xmlns=', 'xmlns:r=')),
    any,
  )
  await bad(
    'name-of-an-answer.xml',
    'other-message',
    'an answer where a question is expected',
    () => readVector('restock-order-response.interop.xml'),
    any,
  )
}

/** Notices whose encrypted content breaks one rule. */
export async function makeBadNotices(bad: Bad): Promise<void> {
  const head = writeAuditHead(exampleActivation.auditHead)
  const content = (name: string, id: string, fields: string) =>
    signed(
      without(readVector(`${name}.interop.xml`), 'ds:Signature').replace(
        /<xenc:EncryptedData .*<\/xenc:EncryptedData>/,
        encryptData(
          Buffer.from(
            `<${id}Content xmlns="${NS}"><Id>${IDS[id]}</Id><Sender>atlas</Sender><Receiver>centre</Receiver>${head}${fields}</${id}Content>`,
          ),
          'element',
          signing('interop', 'atlas', 'centre'),
        ),
      ),
    )
  const of = (message: string) => ({ message, from: 'atlas', to: 'centre' }) as const
  const dated = '<Lot>L000002</Lot><ActivatedOn>2026-11-25T08:00:00.000Z</ActivatedOn>'
  const run = (first: string, count: number) =>
    `<Run><FirstSerial>${first}</FirstSerial><Count>${count}</Count></Run>`
  const activation = (fields: string) => () => content('lot-activation', 'LotActivation', fields)
  await bad(
    'activation-runs-overlap.xml',
    'inner-content-invalid',
    'an activation whose runs share a serial',
    activation(dated + run('000123460000', 10) + run('000123460009', 1)),
    of('LotActivation'),
  )
  await bad(
    'activation-run-empty.xml',
    'inner-content-invalid',
    'an activation with a run of no code',
    activation(dated + run('000123460000', 0)),
    of('LotActivation'),
  )
  await bad(
    'activation-undated.xml',
    'inner-content-invalid',
    'an activation without its moment',
    activation('<Lot>L000002</Lot>'),
    of('LotActivation'),
  )
  const key = Buffer.from(exampleNextKey.publicKey).toString('base64')
  const nextKey = (purpose: string, text: string) => () =>
    content(
      'partner-next-key',
      'PartnerNextKey',
      `<Purpose>${purpose}</Purpose><PublicKey>${text}</PublicKey><ValidFrom>2027-01-01T00:00:00.000Z</ValidFrom>`,
    )
  await bad(
    'next-key-other-purpose.xml',
    'inner-content-invalid',
    'a next key for a purpose that there is not',
    nextKey('root', key),
    of('PartnerNextKey'),
  )
  await bad(
    'next-key-line-break.xml',
    'inner-content-invalid',
    'a next key in base64 with a line break: it has one spelling',
    nextKey('sign', `${key.slice(0, 76)}\n${key.slice(76)}`),
    of('PartnerNextKey'),
  )
  const receipt = (fields: string) => () =>
    content(
      'notice-receipt',
      'NoticeReceipt',
      `<Notice>LotActivation</Notice><NoticeId>${exampleActivation.id}</NoticeId>${fields}`,
    )
  await bad(
    'notice-receipt-without-reason.xml',
    'inner-content-invalid',
    'a refusal without its reason',
    receipt('<Verdict>refused</Verdict>'),
    of('NoticeReceipt'),
  )
  await bad(
    'notice-receipt-ranges-of-activation.xml',
    'inner-content-invalid',
    'ranges in the receipt of an activation',
    receipt(
      '<Verdict>taken</Verdict><Range><FirstSerial>000123460000</FirstSerial><Count>1</Count><Outcome>held</Outcome></Range>',
    ),
    of('NoticeReceipt'),
  )
}

const IDS: Readonly<Record<string, string>> = {
  LotActivation: exampleActivation.id,
  PartnerNextKey: exampleNextKey.id,
  NoticeReceipt: exampleNoticeReceipt.id,
}
