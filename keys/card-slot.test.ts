import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cardId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileCardSlot } from './card-slot.ts'
import { createFileCard } from './file-card.ts'

const PIN = '12345678'
const ID = cardId('C0000007')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slot-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a card that stays in is the same card; pulled out and put back it has forgotten its PIN', async () => {
  const [inSlot, drawer] = [join(folder, 'slot'), join(folder, 'drawer')]
  const slot = fileCardSlot(inSlot)
  expect(slot.look()).toBeNull()
  await createFileCard(drawer, ID, Buffer.from(PIN), systemRandom)
  renameSync(drawer, inSlot)
  const card = slot.look()!
  expect(card.id).toBe(ID)
  expect(await card.verifyPin(Buffer.from(PIN))).toBe('right')
  expect(slot.look()).toBe(card)

  renameSync(inSlot, drawer)
  expect(slot.look()).toBeNull()
  expect(card.unwrapSafeKey(Buffer.alloc(256), 'sha256')).toBe('locked')
  renameSync(drawer, inSlot)
  const again = slot.look()!
  expect(again).not.toBe(card)
  expect(again.unwrapSafeKey(Buffer.alloc(256), 'sha256')).toBe('locked')
})
