import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again every `everyMs` until the answer is not null; rejects with `what` after `withinMs`. */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | null>,
  { everyMs = 25, withinMs = 60_000 } = {},
): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (performance.now() > until) throw new Error(`${what}: not within ${withinMs / 1000} s`)
    await sleep(everyMs)
  }
}
