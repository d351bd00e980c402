import * as crypto from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { fingerprintOf } from './fingerprint.ts'
import { fileHolderKey, wrapForHolder } from './holder-key.ts'
import { generatePair } from './party-keys.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return { ...real, createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey }
})

const pair = generatePair('stock')
const holder = fileHolderKey(pair)

test('a holder opens what was closed for him by the hash of his key, and leaves only the key of it', () => {
  expect(holder.publicKey).toBe(pair.publicKey)
  expect(holder.oaepHash).toBe('sha256')
  const secret = crypto.randomBytes(32)
  const closed = wrapForHolder(holder, secret)
  expect(holder.open(closed)?.export()).toEqual(secret)
  const [handed] = vi.mocked(crypto.createSecretKey).mock.lastCall as unknown as [Buffer]
  expect(handed).toEqual(Buffer.alloc(32))
  expect(secret.equals(Buffer.alloc(32))).toBe(false)
})

test('what was closed for another, by another hash or padding, or altered does not open', () => {
  const secret = crypto.randomBytes(32)
  expect(holder.open(wrapForHolder(fileHolderKey(generatePair('stock')), secret))).toBeNull()
  expect(holder.open(wrapForHolder({ ...holder, oaepHash: 'sha1' }, secret))).toBeNull()
  const padding = crypto.constants.RSA_PKCS1_PADDING
  expect(holder.open(crypto.publicEncrypt({ key: pair.publicKey, padding }, secret))).toBeNull()
  const closed = wrapForHolder(holder, secret)
  closed[5]! ^= 1
  expect(holder.open(closed)).toBeNull()
  expect(holder.open(closed.subarray(1))).toBeNull()
})

test('closing takes at most 190 bytes, and holds for both hashes', () => {
  expect(holder.open(wrapForHolder(holder, Buffer.alloc(190, 1)))?.symmetricKeySize).toBe(190)
  expect(() => wrapForHolder(holder, Buffer.alloc(191))).toThrow()
  const closed = wrapForHolder({ publicKey: pair.publicKey, oaepHash: 'sha1' }, Buffer.from('secret'))
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING
  expect(crypto.privateDecrypt({ key: pair.privateKey, padding, oaepHash: 'sha1' }, closed).toString()).toBe(
    'secret',
  )
})

test('a key is named by the SHA-256 of its SubjectPublicKeyInfo, on screens by the first twenty digits', () => {
  const publicKey = crypto.createPublicKey(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
`)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  expect(fingerprintOf(publicKey)).toBe(crypto.createHash('sha256').update(der).digest('hex'))
  // The base point of P-256, by openssl and sha256sum.
  expect(fingerprintOf(publicKey)).toBe('5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3')
})
