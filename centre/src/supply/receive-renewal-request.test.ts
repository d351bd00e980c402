// Certificates end and begin: by message, each time with a centre's certificate that outlives them; a key that was
// followed by another gets what it was answered, and nothing new.

import type { KeyObject } from 'node:crypto'
import { generatePair } from '@scratchless/keys/party-keys'
import { p256Signer, type Signer } from '@scratchless/wire/compact/cose'
import { verifierOf, verifyCertificate } from '@scratchless/wire/compact/cwt'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { renewalProofInput, renewalRequestMessage } from '@scratchless/wire/supply/renewal-request'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, type Device, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'

const DAY_MS = 86_400_000

let centre: TestCentre
let terminal: TestTerminal
let moved = 0
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())
beforeEach(async () => {
  centre.clock.move(-moved)
  moved = 0
  terminal = await enrolTerminal(centre, await addShop(centre, 0n))
})

function move(days: number): void {
  moved += days * DAY_MS
  centre.clock.move(days * DAY_MS)
}
const nowS = () => Math.floor(centre.clock.nowMs() / 1000)

const proverOf = ({ privateKey }: { privateKey: KeyObject }) => p256Signer(Buffer.alloc(4), privateKey)
const requestFor = (pair = generatePair('supply-sign'), sequence?: number) =>
  request(pair.publicKey, proverOf(pair), sequence === undefined ? {} : { sequence })

/** Asks for a certificate over a key, with a proof by that key's signer or by another. */
function request(
  newKey: KeyObject,
  prover: Pick<Signer, 'sign'>,
  more: { sequence?: number; kid?: Uint8Array } = {},
) {
  // A first signing only to learn the next place.
  const sequence = more.sequence ?? terminal.sign(catalogueRequestMessage, { knownVersion: 0 }).sequence
  const input = renewalProofInput(terminal.id, sequence, more.kid ?? terminal.signer.kid, newKey)
  return terminal.sign(renewalRequestMessage, { newKey, proof: prover.sign(input) }, sequence)
}

/** Renews, and speaks under the new certificate from then on. */
async function renew(
  pair = generatePair('supply-sign'),
): Promise<{ signed: ReturnType<typeof request>; before: Device }> {
  const signed = requestFor(pair)
  const askedS = nowS()
  const answer = await terminal.ask('renewal-request', signed)
  if (answer.kind !== 'renewal') throw new Error(answer.kind)
  const { rootKey } = terminal.device
  const own = verifyCertificate(answer.content.terminalCertificate, rootKey, nowS())
  const theirs = verifyCertificate(answer.content.centreCertificate, rootKey, nowS())
  if (typeof own === 'string' || typeof theirs === 'string') throw new Error('a certificate does not hold')
  expect(own).toMatchObject({ subject: terminal.id, purpose: 'terminal', issuer: 'centre' })
  expect(own.publicKey.equals(pair.publicKey)).toBe(true)
  expect(own.expiresAtS).toBeGreaterThanOrEqual(askedS + 90 * 86_400)
  expect(own.expiresAtS).toBeLessThanOrEqual(nowS() + 90 * 86_400)
  expect(theirs.expiresAtS).toBeGreaterThanOrEqual(askedS + 100 * 86_400)
  const before = terminal.device
  terminal.become({
    signer: p256Signer(own.kid, pair.privateKey),
    publicKey: pair.publicKey,
    verifier: verifierOf(theirs),
    ...{ rootKey, lastSequence: signed.sequence },
  })
  return { signed, before }
}

const ask = () =>
  terminal.ask('catalogue-request', terminal.sign(catalogueRequestMessage, { knownVersion: 0 }))

test('a terminal that renews in time is answered for two years, under certificates that it holds', async () => {
  const kids = new Set<string>()
  for (let renewal = 0; renewal < 12; renewal++) {
    move(61)
    await renew()
    kids.add(Buffer.from(terminal.device.verifier.kid).toString('hex'))
    expect((await ask()).kind).toBe('catalogue')
    await centre.restartVault()
  }
  // The centre's own changed on the way, more than once.
  expect(kids.size).toBeGreaterThan(1)
})

test('one that renews on its last day only is answered all the same', async () => {
  move(89)
  await renew()
  move(89)
  await renew()
  expect((await ask()).kind).toBe('catalogue')
})

test('a centre’s new certificate reaches nobody before its next renewal', async () => {
  const late = terminal
  move(280)
  const early = late.device.verifier.kid
  terminal = await enrolTerminal(centre, await addShop(centre, 0n))
  const fresh = terminal.device.verifier.kid
  expect(Buffer.compare(Buffer.from(early), Buffer.from(fresh))).not.toBe(0)
  // Within its certificate, under the one that it holds; asked on the day before the centre changed.
  move(-280 + 80)
  terminal = late
  expect((await ask()).kind).toBe('catalogue')
})

test('the same request again gets the same bytes, also where the centre did not come to store them', async () => {
  const signed = requestFor()
  const standing = (await ask()).content.standing
  const given = { terminal: terminal.id, sequence: signed.sequence, frame: signed.frame, standing }
  const first = await centre.needs.vault.renewTerminal(given)
  const second = await centre.needs.vault.renewTerminal(given)
  if (typeof first === 'string' || typeof second === 'string') throw new Error('not renewed')
  expect(second).toEqual(first)
  // Another content in that place is none.
  const other = requestFor(generatePair('supply-sign'), signed.sequence)
  expect(await centre.needs.vault.renewTerminal({ ...given, frame: other.frame })).toBe(
    'request-not-verified',
  )
})

test('nothing is certified where the clocks of api and vault are apart, and all goes on once they agree', async () => {
  const signed = requestFor()
  const { standing } = (await ask()).content
  const given = { terminal: terminal.id, sequence: signed.sequence, frame: signed.frame }
  const timeS = standing.timeS - 86_400
  await expect(
    centre.needs.vault.renewTerminal({ ...given, standing: { ...standing, timeS } }),
  ).rejects.toThrow()
  expect(centre.faults.splice(0)).toHaveLength(1)
  expect(await centre.needs.vault.renewTerminal({ ...given, standing })).toBeTypeOf('object')
})

test('the key before is answered as it was, and asks for nothing new', async () => {
  const { signed, before } = await renew()
  const after = terminal.device
  const again = await centre.door(signed.frame)
  terminal.become({ ...before, lastSequence: signed.sequence })
  expect(terminal.verify('renewal-request', again, signed)).toMatchObject({ kind: 'renewal' })
  expect(await ask()).toMatchObject({ content: { why: { reason: 'terminal-revoked', why: 'retired' } } })
  terminal.become({ ...after, lastSequence: signed.sequence })
  expect((await ask()).kind).toBe('catalogue')
})

test('a key that the asker does not have is not certified, nor is the present one again', async () => {
  const [pair, other] = [generatePair('supply-sign'), generatePair('supply-sign')]
  const kid = Buffer.from(terminal.signer.kid)
  kid[3]! ^= 1
  const { signer, publicKey } = terminal.device
  for (const signed of [
    request(pair.publicKey, proverOf(other)),
    request(pair.publicKey, proverOf(pair), { kid }),
    request(pair.publicKey, signer),
    request(publicKey, signer),
  ])
    expect(await terminal.ask('renewal-request', signed)).toMatchObject({
      content: { why: { reason: 'unknown-subject' } },
    })
  const { rows } = await centre.needs.pool.query(
    'SELECT count(*)::int AS keys FROM terminal_certificate WHERE terminal_id = $1',
    [terminal.id],
  )
  expect(rows).toEqual([{ keys: 1 }])
})

test('a terminal whose certificate has ended, and one that is revoked, renew nothing', async () => {
  move(91)
  expect(await terminal.ask('renewal-request', requestFor())).toMatchObject({
    content: { why: { reason: 'terminal-revoked', why: 'retired' } },
  })
  move(-91)
  const signed = requestFor()
  const standing = (await ask()).content.standing
  await centre.needs.vault.revokeTerminal(terminal.id)
  const given = { terminal: terminal.id, sequence: signed.sequence, frame: signed.frame, standing }
  expect(await centre.needs.vault.renewTerminal(given)).toBe('request-not-verified')
})
