// A device's keys for tests: two places, as on the disk, in memory.

import type { KeyObject } from 'node:crypto'
import { generatePair } from '@scratchless/keys/party-keys'
import type { DeviceKeys } from '../src/supply/device-keys.ts'

/** Where a till of tests leaves its first key, for another process over its folder. */
export const DEVICE_KEY = 'device.pem'

export function keysInMemory(first: KeyObject = generatePair('supply-sign').privateKey): DeviceKeys {
  const keys = [first]
  return {
    held: () => keys,
    async makeNext(inUse) {
      const place = keys[0]!.equals(inUse) ? 1 : 0
      keys[place] = generatePair('supply-sign').privateKey
      return keys[place]!
    },
  }
}
