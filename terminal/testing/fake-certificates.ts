// The certificates that the fake centre gives: each terminal's together with the key that answers what is asked under
// it.

import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Clock } from '@scratchless/voucher/clock'
import { nowSeconds } from '@scratchless/voucher/clock'
import { terminalId } from '@scratchless/voucher/ids'
import { p256Signer, peekKid, type Signer } from '@scratchless/wire/compact/cose'
import { kidOfNumber, ROOT_KID, signCertificate } from '@scratchless/wire/compact/cwt'
import type { Frame } from '@scratchless/wire/compact/frame'
import type { DeviceKeys } from '../src/supply/device-keys.ts'

const DAY_S = 86_400
const YEAR_DAYS = 365

interface Certified {
  readonly kid: Buffer
  readonly publicKey: KeyObject
  readonly untilS: number
  /** Answers what is asked under this certificate. */
  readonly signer: Signer
}

export function createFakeCertificates(clock: Clock, terminal: string) {
  const rootPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const root = p256Signer(ROOT_KID, rootPair.privateKey)
  const certified: Certified[] = []
  let given = 0
  let days = YEAR_DAYS
  let centreKey = newCentreKey()

  function newCentreKey() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const kid = kidOfNumber(++given)
    return { publicKey, kid, signer: p256Signer(kid, privateKey) }
  }

  function sign(
    purpose: 'terminal' | 'centre',
    kid: Buffer,
    publicKey: KeyObject,
    subject: string = purpose === 'terminal' ? terminal : 'centre',
  ): Buffer {
    const issuedAtS = nowSeconds(clock) - 60
    const expiresAtS = issuedAtS + (purpose === 'terminal' ? days : YEAR_DAYS) * DAY_S
    return signCertificate(
      { issuer: 'centre', subject, purpose, kid, publicKey, issuedAtS, expiresAtS },
      root,
    )
  }

  return {
    rootKey: rootPair.publicKey,
    /** Of a terminal's key, with the centre's. */
    give(publicKey: KeyObject) {
      const kid = kidOfNumber(++given)
      const untilS = nowSeconds(clock) - 60 + days * DAY_S
      certified.push({ kid, publicKey, untilS, signer: centreKey.signer })
      return {
        terminalCertificate: sign('terminal', kid, publicKey),
        centreCertificate: sign('centre', centreKey.kid, centreKey.publicKey),
      }
    },
    /** Under which a frame was signed; `isNew`: the newest one, and not at its end. Undefined where none of these. */
    under(frame: Frame): (Certified & { isNew: boolean }) | undefined {
      const kid = peekKid(frame.message)
      const found = certified.find((one) => kid?.equals(one.kid))
      const isNew = found === certified.at(-1) && found !== undefined && nowSeconds(clock) < found.untilS
      return found && { ...found, isNew }
    },
    /** A good certificate of this terminal, over any key. */
    certificateOver: (key: KeyObject, kid: Uint8Array = kidOfNumber(++given)) => ({
      terminalCertificate: sign('terminal', Buffer.from(kid), key),
    }),
    /** What a welcome says under another name, to whichever of these keys is not in use. */
    renamed(name: string, keys: DeviceKeys) {
      const key = createPublicKey(keys.held().at(-1)!)
      return {
        terminal: terminalId(name),
        terminalCertificate: sign('terminal', kidOfNumber(++given), key, name),
      }
    },
    /** The days that further certificates of terminals last. */
    certifyFor(next: number) {
      days = next
    },
    /** The centre's next key signs what comes under certificates that are given from now on. */
    changeKey() {
      centreKey = newCentreKey()
    },
  }
}

export type FakeCertificates = ReturnType<typeof createFakeCertificates>
