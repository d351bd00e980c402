// The worthless keys of the supply vectors, made once. Imported before the examples, which read them.

import { generateKeyPairSync } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'

const keysFile = new URL('keys.json', import.meta.url)
if (!existsSync(keysFile)) {
  const p256 = () =>
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ format: 'jwk' })
  const card = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const keys = {
    warning: 'Worthless: published test keys. root has kid 00000000, centre 00000001, terminal 00000002.',
    root: p256(),
    centre: p256(),
    terminal: p256(),
    otherTerminal: p256(),
    card,
  }
  writeFileSync(keysFile, `${JSON.stringify(keys, null, 2)}\n`)
}
