// What the till's screens are told as it happens (server-sent events).

import type { ServerResponse } from 'node:http'
import type { TillEvent } from './till-shapes.ts'

export interface TillEvents {
  /** Takes over a response as a stream of events. */
  listen(response: ServerResponse): void
  /** Whether somebody listens. */
  watched(): boolean
  /** Nobody listening costs nothing: the event is made only where somebody does. */
  tell(event: () => TillEvent): void
  close(): void
}

/** A screen, its phone-sized page, and some room: more are a leak. */
const MOST_LISTENERS = 16
/** A screen that died without closing is found out. */
const HEARTBEAT_MS = 15_000

export function createTillEvents(): TillEvents {
  const listeners = new Set<ServerResponse>()
  const heartbeat = setInterval(() => {
    for (const listener of listeners) listener.write(': here\n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return {
    listen(response) {
      if (listeners.size >= MOST_LISTENERS) {
        response.writeHead(503).end()
        return
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      })
      response.write('retry: 1000\n\n')
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
    },
    watched: () => listeners.size > 0,
    tell(event) {
      if (listeners.size === 0) return
      const text = `data: ${JSON.stringify(event())}\n\n`
      for (const listener of listeners) listener.write(text)
    },
    close() {
      clearInterval(heartbeat)
      for (const listener of listeners) listener.end()
      listeners.clear()
    },
  }
}
