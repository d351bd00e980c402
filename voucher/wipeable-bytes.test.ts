import { expect, test } from 'vitest'
import { wipeableBytes } from './wipeable-bytes.ts'

test('wipeable bytes start zeroed and have memory of their own', () => {
  const bytes = wipeableBytes(16)
  expect(bytes.equals(Buffer.alloc(16))).toBe(true)
  expect(bytes.buffer.byteLength).toBe(16)
  expect(bytes.byteOffset).toBe(0)
})
