// One command renews an office's TLS certificate under the key that its partners and terminals have pinned:
//
//   node bootstrap/run.mjs keys/renew-tls.ts --keys FOLDER [--authority FOLDER] [--passphrase-fd 3 3< <(…)]
//
// FOLDER is the office's key folder, with `api` and `authority` in it; the authority's may be kept elsewhere. Party,
// names and key are those of the certificate that is there, so nobody who pinned the key notices. The program takes the
// new one up at its next start.

import { createPublicKey, X509Certificate } from 'node:crypto'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigProblem } from '@scratchless/program/config-file'
import { writeDurably } from '@scratchless/program/durable-file'
import { readPassphrase } from '@scratchless/program/passphrase'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { issueTlsCertificate, namesOf } from './certificates.ts'
import { fingerprintOf } from './fingerprint.ts'
import { KeyProblem, readCertificate, readPublicKey, unlockKeyFolder } from './party-keys.ts'
import { passphraseFor } from './passphrase-box.ts'

try {
  await renew()
} catch (problem) {
  if (!(problem instanceof ConfigProblem || problem instanceof KeyProblem)) throw problem
  process.stderr.write(`${problem.message}\n`)
  process.exitCode = 2
}

async function renew(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      authority: { type: 'string' },
      'passphrase-fd': { type: 'string' },
    },
  })
  if (values.keys === undefined) throw new ConfigProblem('Say --keys: the folder with the api’s keys.')
  const api = resolve(values.keys, 'api')
  const authority = resolve(values.authority ?? join(values.keys, 'authority'))
  const passphrase = readPassphrase()
  const opens = passphrase && passphraseFor(passphrase, 'authority')
  const present = new X509Certificate(readCertificate(api, 'tls'))
  const publicKey = readPublicKey(api, 'tls')
  if (!present.publicKey.equals(publicKey))
    throw new ConfigProblem(
      'The certificate is of another key than tls.pub: partners have pinned one of them.',
    )
  const authorityPem = readCertificate(authority, 'tls-authority')
  const { privateKey } = await unlockKeyFolder(authority, opens).pair('tls-authority')
  passphrase?.fill(0)
  if (!new X509Certificate(authorityPem).publicKey.equals(createPublicKey(privateKey)))
    throw new ConfigProblem('The authority’s certificate is of another key than the one in its folder.')
  const request = { ...namesOf(present), publicKey, authorityPem, authorityKey: privateKey }
  const renewed = await issueTlsCertificate(request, { clock: systemClock, random: systemRandom })
  writeDurably(join(api, 'tls.pem'), renewed)
  const until = new X509Certificate(renewed).validToDate.toISOString().slice(0, 10)
  process.stdout.write(
    `The certificate of ${request.party} is good until ${until}, under the pinned key ${fingerprintOf(publicKey)}.\n`,
  )
}
