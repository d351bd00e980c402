import { expect, test } from 'vitest'
import { wipedMemory } from './wiped-memory.ts'

const OURS = 'glibc.malloc.perturb=165:glibc.malloc.tcache_count=0'

test('a process that handles open codes overwrites what it frees, beside what was set before', () => {
  expect(wipedMemory({})).toEqual({ GLIBC_TUNABLES: OURS })
  expect(wipedMemory({ GLIBC_TUNABLES: '' })).toEqual({ GLIBC_TUNABLES: OURS })
  expect(wipedMemory({ GLIBC_TUNABLES: 'glibc.rtld.nns=4' })).toEqual({
    GLIBC_TUNABLES: `glibc.rtld.nns=4:${OURS}`,
  })
})
