// The device's own keys, in two places: one is in use, and the next one is made in the other. Which is in use stands
// nowhere beside them: it is the one that the terminal's certificate names, so that store and keys cannot disagree.

import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { remakePair, unlockKeyFolder } from '@scratchless/keys/party-keys'
import type { Random } from '@scratchless/voucher/random'

export interface DeviceKeys {
  /** Private keys at hand, P-256; the device's first one first. */
  held(): readonly KeyObject[]
  /** Makes a key in the place that `inUse` has not: a power cut does not lose it. */
  makeNext(inUse: KeyObject): Promise<KeyObject>
}

const PLACES = ['supply-sign', 'supply-sign-next'] as const

/** `passphrase`: null where the keys lie open. Throws a KeyProblem where a key cannot be opened. */
export async function openDeviceKeys(
  folder: string,
  passphrase: Uint8Array | null,
  random: Random,
): Promise<DeviceKeys> {
  const unlocked = unlockKeyFolder(folder, passphrase)
  const keys = new Map<(typeof PLACES)[number], KeyObject>()
  for (const place of PLACES)
    if (existsSync(join(folder, `${place}.key`))) keys.set(place, (await unlocked.pair(place)).privateKey)
  return {
    held: () => PLACES.flatMap((place) => keys.get(place) ?? []),
    async makeNext(inUse) {
      const place = PLACES.find((one) => !keys.get(one)?.equals(inUse))!
      const needs = passphrase === null ? { random } : { random, passphrase }
      const { privateKey } = await remakePair(folder, place, needs)
      keys.set(place, privateKey)
      return privateKey
    },
  }
}

/** A public key as its bytes: SubjectPublicKeyInfo, DER. */
export function publicBytes(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
}

/** The key whose public half this is, where the device holds it. */
export function heldKey(keys: DeviceKeys, spki: Uint8Array): KeyObject | undefined {
  return keys.held().find((key) => publicBytes(key).equals(spki))
}
