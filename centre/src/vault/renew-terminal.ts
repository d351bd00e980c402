// A terminal's next certificate, for a key that it made itself: asked under its present one, proven by the new one. Old
// and new key belong to one device; no person has to look.

import { verify as verifySignature } from 'node:crypto'
import { inTransaction } from '@scratchless/office/database/database'
import { nowSeconds } from '@scratchless/voucher/clock'
import { verifyCertificate } from '@scratchless/wire/compact/cwt'
import { readFrame } from '@scratchless/wire/compact/frame'
import { openSigned } from '@scratchless/wire/supply/envelope'
import { renewalMessage } from '@scratchless/wire/supply/renewal'
import { renewalProofInput, renewalRequestMessage } from '@scratchless/wire/supply/renewal-request'
import { centreCertificateToGive, signerOfNumber } from './centre-signers.ts'
import {
  findCertificate,
  findRenewal,
  insertRenewal,
  lockTerminals,
  updateTerminalCertificate,
} from './ring.sql.ts'
import { certify, macTerminal, terminalVerifier } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { RenewedTerminal, VaultVerbs } from './verbs.ts'

export async function renewTerminal(
  needs: VaultNeeds,
  { terminal, sequence, frame: bytes, standing }: Parameters<VaultVerbs['renewTerminal']>[0],
): Promise<RenewedTerminal | 'request-not-verified' | 'proof-not-verified'> {
  const frame = readFrame(bytes)
  if (frame === undefined) return 'request-not-verified'
  return inTransaction(needs.pool, async (sql) => {
    const [row] = await lockTerminals(sql, [terminal])
    if (row === undefined || row.revoked_at !== null) return 'request-not-verified'
    const binding = { terminal, sequence, answering: null }

    const before = await findRenewal(sql, terminal, sequence)
    if (before !== undefined) {
      // Answered already, before the api could store it: the certificate that it came under is not the present one.
      const asked = await findCertificate(sql, before.asked_under)
      const past = asked?.bytes && terminalVerifier(needs, { ...row, bytes: asked.bytes })
      const opened = past ? openSigned(frame, past, binding) : 'unacceptable'
      if (opened === 'unacceptable' || !before.request_hash.equals(opened.payloadHash))
        return 'request-not-verified'
      return { ...(await factsOf(before.certificate)), frame: before.answer }
    }

    const verifier = terminalVerifier(needs, row)
    const verified = verifier
      ? renewalRequestMessage.verify(frame, verifier, binding)
      : ('unacceptable' as const)
    if (verifier === null || verified === 'unacceptable') return 'request-not-verified'
    const { newKey, proof } = verified.content
    const input = renewalProofInput(terminal, sequence, verifier.kid, newKey)
    if (!verifySignature('sha256', input, { key: newKey, dsaEncoding: 'ieee-p1363' }, proof))
      return 'proof-not-verified'
    // The present key again is no new one, and its end would never come.
    if (newKey.equals(verifier.publicKey)) return 'proof-not-verified'

    const given = await centreCertificateToGive(needs, sql)
    const subject = { name: terminal, purpose: 'terminal', publicKey: newKey } as const
    const made = await certify(needs, sql, subject, given.number)
    // The terminal judges it by the answer's time. One that it cannot take would be its answer for ever.
    if (typeof verifyCertificate(made.bytes, needs.keys.rootPublic, standing.timeS) === 'string')
      throw new Error(`the standing's time, ${standing.timeS}, is not this vault's`)
    const renewed = { ...row, certificate: made.number }
    await updateTerminalCertificate(sql, { ...renewed, mac: macTerminal(needs.keys, renewed) })
    const answer = renewalMessage.sign(
      { standing, terminalCertificate: made.bytes, centreCertificate: given.bytes },
      signerOfNumber(needs, row.centre_certificate),
      { terminal, sequence, answering: verified.payloadHash },
    ).frame
    await insertRenewal(sql, {
      ...{ terminal_id: terminal, sequence, request_hash: verified.payloadHash },
      ...{ asked_under: row.certificate, certificate: made.number, answer },
    })
    return { ...(await factsOf(made.number)), frame: answer }

    async function factsOf(number: number) {
      const certificate = await findCertificate(sql, number)
      const centre = certificate && (await findCertificate(sql, certificate.centre_certificate ?? 0))
      const [own, theirs] = [certificate, centre].map(
        (one) => one?.bytes && verifyCertificate(one.bytes, needs.keys.rootPublic, nowSeconds(needs.clock)),
      )
      if (!own || !theirs || typeof own === 'string' || typeof theirs === 'string')
        throw new Error(`certificate ${number} is not whole`)
      return {
        certificateNumber: number,
        publicKey: own.publicKey.export({ type: 'spki', format: 'der' }),
        certifiedUntilS: own.expiresAtS,
        centreUntilS: theirs.expiresAtS,
      }
    }
  })
}
