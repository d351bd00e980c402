// The fleet's own process: its task comes from its starter, and its report goes back there.

import { type FleetTask, runFleet, type UnderWay } from './fleet.ts'

const TOLD_EVERY_MS = 5

process.on('disconnect', () => process.exit(1))
process.once('message', async (task: FleetTask) => {
  let now: UnderWay | null = null
  const telling = setInterval(() => {
    if (now !== null) process.send!({ now })
  }, TOLD_EVERY_MS)
  try {
    const report = await runFleet(task, (moved) => {
      now = moved
    })
    process.send!({ report })
  } catch (error) {
    process.send!({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    clearInterval(telling)
  }
})
