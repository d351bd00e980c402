// A terminal's key has its day: before the certificate over it ends, the terminal makes the next key and asks for a
// certificate over that one. The key is on the disk before its request is saved; key, certificate and the centre's
// certificate change with the answer, in one transaction: whatever is cut off, one key works.

import { createPublicKey } from 'node:crypto'
import { p256Signer } from '@scratchless/wire/compact/cose'
import type { ContentOf } from '@scratchless/wire/compact/shape'
import { certificatesOf, type Enrolled } from '@scratchless/wire/supply/enrolment-answer'
import type { renewal } from '@scratchless/wire/supply/renewal'
import { renewalProofInput, renewalRequestMessage } from '@scratchless/wire/supply/renewal-request'
import type { Store } from '../store/connect-store.ts'
import { getEnrolled, putEnrolled } from './centre-word.sql.ts'
import { nextKey, saveNextKey } from './device.sql.ts'
import { type DeviceKeys, publicBytes } from './device-keys.ts'
import { keepEarlierIdentity } from './earlier-identity.sql.ts'
import type { Identity } from './identity.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export async function askRenewal(needs: RequestNeeds & { deviceKeys: DeviceKeys }): Promise<StoredRequest> {
  const { store, identity } = needs
  const key = await needs.deviceKeys.makeNext(identity.key)
  const newKey = createPublicKey(key)
  return saveRequest(
    needs,
    'renewal-request',
    (signer, binding) => {
      const input = renewalProofInput(binding.terminal, binding.sequence, signer.kid, newKey)
      const proof = p256Signer(signer.kid, key).sign(input)
      return renewalRequestMessage.sign({ newKey, proof }, signer, binding)
    },
    () => saveNextKey(store, publicBytes(newKey)),
  )
}

/** Who the terminal is by this answer; `unacceptable` where one of its certificates is not what was asked for. */
export function renewedBy(
  store: Store,
  identity: Identity,
  { standing, terminalCertificate, centreCertificate }: ContentOf<typeof renewal>,
): Enrolled | 'unacceptable' {
  const renewed = { ...getEnrolled(store)!, standing, terminalCertificate, centreCertificate }
  const certificates = certificatesOf(renewed)
  if (certificates === 'unacceptable') return certificates
  const { publicKey, kid } = certificates.terminal
  const isAsked = publicBytes(publicKey).equals(nextKey(store)!)
  return isAsked && !identity.signer.kid.every((byte, at) => byte === kid[at]) ? renewed : 'unacceptable'
}

/** Inside the transaction that stores the answer. */
export function takeRenewal(store: Store, identity: Identity, renewed: Enrolled): void {
  keepEarlierIdentity(store, identity.signer.kid, getEnrolled(store)!)
  putEnrolled(store, renewed)
}
