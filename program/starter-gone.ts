// A program ends when whoever started it is gone, so that a market that was killed leaves nothing behind.

/** How often the parent is looked at: kill -9 of a starter is noticed within this time. */
const PARENT_POLL_MS = 500
/** A stop that takes longer than this is cut off; data is safe at any moment, so nothing is lost. */
const STOP_LIMIT_MS = 4_000

/**
 * Runs `stop` once: on SIGTERM, on SIGINT, when the IPC channel to the starter closes, or when the
 * parent process has changed (the starter died). Then ends this process: 0, or 1 where `stop` failed.
 */
export function whenToldToStop(stop: (reason: string) => Promise<void> | void): void {
  let stopping = false
  const parent = process.ppid
  const begin = (reason: string) => {
    if (stopping) return
    stopping = true
    clearInterval(poll)
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
    Promise.resolve()
      .then(() => stop(reason))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`stopping failed: ${error instanceof Error ? error.message : String(error)}\n`)
          process.exit(1)
        },
      )
  }
  const poll = setInterval(() => {
    if (process.ppid !== parent) begin('the starter is gone')
  }, PARENT_POLL_MS)
  poll.unref()
  process.on('SIGTERM', () => begin('SIGTERM'))
  process.on('SIGINT', () => begin('SIGINT'))
  if (process.connected) process.on('disconnect', () => begin('the starter is gone'))
}
