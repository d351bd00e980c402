// A token bucket per address: a burst of two seconds' worth, then a steady rate.

import type { Clock } from '@scratchless/voucher/clock'

/** Addresses remembered at once; beyond it all start anew, which favours a flood less than unbounded memory. */
const MAX_ADDRESSES = 10_000
const BURST_SECONDS = 2

/** Returns a function that says whether a request of this address may pass now. */
export function createRateLimit(clock: Clock, perSecond: number): (address: string) => boolean {
  const burst = perSecond * BURST_SECONDS
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (address) => {
    const nowMs = clock.nowMs()
    if (buckets.size > MAX_ADDRESSES) buckets.clear()
    const bucket = buckets.get(address) ?? { tokens: burst, atMs: nowMs }
    // A clock that was set back gives nothing.
    const elapsedMs = Math.max(0, nowMs - bucket.atMs)
    const tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000)
    const passes = tokens >= 1
    buckets.set(address, { tokens: passes ? tokens - 1 : tokens, atMs: nowMs })
    return passes
  }
}
