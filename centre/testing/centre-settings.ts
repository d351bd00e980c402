// A centre's settings for a test world: one partner, two approvers, ports that are chosen when listening.

import type { KeyObject } from 'node:crypto'
import type { TokenAddress } from '@scratchless/keys/pkcs11-token'
import { ATLAS, CENTRE } from '../../voucher/testing/example-product.ts'
import { type CentreSettings, type CentreVaultSettings, centreVaultSettings } from '../src/settings.ts'

export interface TestApprover {
  readonly name: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export function testCentreSettings(given: {
  readonly dataFolder: string
  readonly keysFolder?: string
  /** The vault's own database, and the office's books. */
  readonly databaseUrl: string
  readonly booksUrl: string
  readonly atlas: { readonly verifyKey: KeyObject; readonly wrapKey: KeyObject }
  readonly approvers: readonly TestApprover[]
  readonly ceilings?: CentreSettings['ceilings'] | undefined
  readonly token?: TokenAddress | undefined
}): CentreVaultSettings {
  const { dataFolder, keysFolder, databaseUrl, booksUrl, atlas, approvers, ceilings, token } = given
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
  // Nobody listens here: tests speak to what a listener would hand on.
  const noPort = { port: 1 }
  return centreVaultSettings.parse({
    ...{ party: CENTRE, name: 'Tunis Distribution', phone: '71000000', currency: 'TND' },
    ...{ dataFolder, databaseUrl, booksUrl, ...(keysFolder && { keysFolder }) },
    ...(token && { token: { library: token.library, label: token.label } }),
    ...{ staffHttp: noPort, partnerHttps: noPort, supplyHttps: noPort, frames: noPort },
    partners: [
      {
        ...{ party: ATLAS, name: 'Atlas', colour: '#1D4F9F', customerCare: '1200', suite: 'interop' },
        url: 'https://127.0.0.1:1/restock',
        verifyKey: pem(atlas.verifyKey),
        wrapKey: pem(atlas.wrapKey),
        ...{ tlsAuthority: 'none', tlsPin: '0'.repeat(64) },
      },
    ],
    approvers: approvers.map(({ name, publicKey }) => ({ name, publicKey: pem(publicKey) })),
    ceilings: ceilings ?? { codesPerHour: 5_000, codesPerDay: 20_000 },
    lease: { days: 7, unreportedSales: 500 },
    epochDays: 7,
    timeZone: 'Africa/Tunis',
    discountBasisPoints: 400,
  })
}
