// What the terminal tells as it happens: the paper line by line, and that something on the screen is old.

import type { SaleView, TillEvent } from '@scratchless/terminal/till/till-shapes'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

export interface PrintProgress {
  readonly sale: SaleView
  readonly line: number
  readonly lines: number
}

export interface TillEvents {
  /** The ticket that is being printed, or the last one while its place is not needed otherwise. */
  readonly progress: PrintProgress | null
}

/** How long a finished ticket stays above the slot before the day's figures come back. */
const TICKET_STAYS_MS = 4_000

export function useTillEvents(): TillEvents {
  const queries = useQueryClient()
  const [progress, setProgress] = useState<PrintProgress | null>(null)

  useEffect(() => {
    const source = new EventSource('/api/events')
    let clear: ReturnType<typeof setTimeout> | undefined
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data) as TillEvent
      if (event.kind === 'printing') {
        clearTimeout(clear)
        // The code has left the stock: the tile says so while its ticket prints.
        if (event.line === 0) void queries.invalidateQueries({ queryKey: ['home'] })
        setProgress({ sale: event.sale, line: event.line, lines: event.lines })
      } else if (event.kind === 'sale') {
        setProgress((before) => {
          const lines = before?.sale.saleId === event.sale.saleId ? before.lines : event.sale.ticket.length
          return { sale: event.sale, line: lines, lines }
        })
        clearTimeout(clear)
        clear = setTimeout(() => setProgress(null), TICKET_STAYS_MS)
        void queries.invalidateQueries({ queryKey: ['home'] })
        void queries.invalidateQueries({ queryKey: ['journal'] })
      } else if (event.kind === 'signed-out') void queries.invalidateQueries({ queryKey: ['state'] })
      else {
        void queries.invalidateQueries({ queryKey: ['home'] })
        void queries.invalidateQueries({ queryKey: ['supply-orders'] })
      }
    }
    return () => {
      clearTimeout(clear)
      source.close()
    }
  }, [queries])

  return { progress }
}
