// How fast a card helps to open codes: what malware beside an inserted card can do is bounded by this and by the
// stock cap. A token bucket.

/** A queue of customers is served at once; a script is not. */
const AT_ONCE = 10

/** `mayPass` takes the time in milliseconds of a clock that does not jump. */
export function pace(perSecond: number): (nowMs: number) => boolean {
  let tokens = AT_ONCE
  let lastMs: number | null = null
  return (nowMs) => {
    tokens = Math.min(AT_ONCE, tokens + ((nowMs - (lastMs ?? nowMs)) * perSecond) / 1000)
    lastMs = nowMs
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
