// Where PostgreSQL's processes share what grows while they run: `/dev/shm` where there is room for it, else files in the
// data folder. A container is often given 64 MB, and the first start alone takes 1 MB.

import { statfsSync } from 'node:fs'

/** What queries that run in parallel want. */
const ENOUGH_BYTES = 512 * 1024 * 1024

export function sharedMemoryType(): 'posix' | 'mmap' {
  try {
    const { bsize, blocks } = statfsSync('/dev/shm')
    return bsize * blocks >= ENOUGH_BYTES ? 'posix' : 'mmap'
  } catch {
    return 'mmap' // there is no such place
  }
}
