// The open till: one bar, the tiles, the column with the paper. It does not move: a sale uses the place kept for it.

import type { Problem } from '@scratchless/program/contract/contract'
import type { HomeView, Tile } from '@scratchless/terminal/till/till-contract'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { DayPanel } from './day-panel.tsx'
import { DoubtScreen } from './doubt-screen.tsx'
import { JournalScreen } from './journal-screen.tsx'
import { MessageLine } from './message-line.tsx'
import { PaperSlot } from './paper-slot.tsx'
import { StatusBar } from './status-bar.tsx'
import { SupplyOrderScreen } from './supply-order-screen.tsx'
import { TileGrid } from './tile-grid.tsx'
import { query, tillApi } from './till-api.ts'
import { TillKeys } from './till-keys.tsx'
import type { TillEvents } from './use-till-events.ts'
import { useTillKeyboard } from './use-till-keyboard.ts'

type Place = 'home' | 'order' | 'journal' | 'doubt'

/** The same key again within this time is a finger that trembled. */
const SAME_KEY_IGNORED_MS = 400
/** A chosen quantity is forgotten after this time. */
const QUANTITY_FORGOTTEN_MS = 5_000

export function Till({ events }: { events: TillEvents }) {
  const [place, setPlace] = useState<Place>('home')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [quantity, setQuantity] = useState<number | 'asked' | null>(null)
  const selling = useSales(setProblem)
  const { data: home } = useQuery({
    queryKey: ['home'],
    queryFn: query(tillApi.home),
    refetchInterval: 10_000,
  })

  useEffect(() => {
    if (quantity === null) return
    const forget = setTimeout(() => setQuantity(null), QUANTITY_FORGOTTEN_MS)
    return () => clearTimeout(forget)
  }, [quantity])

  const sell = useCallback(
    (tile: Tile) => {
      setProblem(null)
      selling.sell(tile, typeof quantity === 'number' ? quantity : 1)
      setQuantity(null)
    },
    [selling, quantity],
  )

  const tiles = home?.operators.flatMap((operator) => operator.tiles) ?? []
  useTillKeyboard(place === 'home', (key) => {
    const digit = Number(key)
    if (quantity === 'asked' && digit >= 2) setQuantity(digit)
    else if (digit >= 1) {
      const tile = tiles.find((candidate) => candidate.key === digit)
      if (tile) sell(tile)
    } else if (key === '*') setQuantity('asked')
    else if (key === '0') setPlace('order')
    else if (key === '.') setPlace('journal')
    else if (key === '/') void tillApi.lock({})
    else if (key === 'Enter' && home && home.doubts.length > 0) setPlace('doubt')
    else if (key === '-') {
      setProblem(null)
      setQuantity(null)
    }
  })

  if (!home) return null
  const back = () => setPlace('home')
  if (place === 'order') return withBar(home, <SupplyOrderScreen home={home} back={back} />)
  if (place === 'journal') return withBar(home, <JournalScreen home={home} back={back} />)
  if (place === 'doubt' && home.doubts[0])
    return withBar(home, <DoubtScreen sale={home.doubts[0]} back={back} />)

  return withBar(
    home,
    <main className="till">
      <section className="till-left">
        <MessageLine
          home={home}
          problem={problem}
          progress={events.progress}
          quantity={quantity}
          order={() => setPlace('order')}
          settle={() => setPlace('doubt')}
        />
        <TileGrid home={home} progress={events.progress} queued={selling.queued} sell={sell} />
      </section>
      <aside className="till-right">
        <div className="zone">
          <DayPanel home={home} hidden={events.progress !== null} />
          <PaperSlot home={home} progress={events.progress} />
        </div>
        <TillKeys
          press={(key) => {
            if (key === '*') setQuantity(quantity === 'asked' ? null : 'asked')
            else if (key === '0') setPlace('order')
            else if (key === '.') setPlace('journal')
            else void tillApi.lock({})
          }}
        />
      </aside>
    </main>,
  )
}

function withBar(home: HomeView, content: React.ReactNode) {
  return (
    <div className="screen">
      <StatusBar home={home} />
      {content}
    </div>
  )
}

/** Sales go one after the other: each is its own ticket; a press while one prints queues the next. */
function useSales(refused: (problem: Problem) => void) {
  const [queue, setQueue] = useState<readonly Tile[]>([])
  const busy = useRef(false)
  const lastPress = useRef({ key: 0, at: 0 })
  const waiting = useRef<Tile[]>([])

  const run = useCallback(async () => {
    if (busy.current) return
    busy.current = true
    for (let tile = waiting.current.shift(); tile; tile = waiting.current.shift()) {
      setQueue([...waiting.current])
      const answer = await tillApi.sell({
        body: { saleId: crypto.randomUUID(), product: tile.product },
      })
      if (!answer.ok) {
        // What was queued behind a refusal was pressed without knowing of it.
        waiting.current = []
        refused(answer.problem)
      }
    }
    setQueue([])
    busy.current = false
  }, [refused])

  const sell = useCallback(
    (tile: Tile, count: number) => {
      const now = performance.now()
      const { key, at } = lastPress.current
      lastPress.current = { key: tile.key, at: now }
      if (key === tile.key && now - at < SAME_KEY_IGNORED_MS) return
      // One sale may wait behind the one that prints; a quantity is a queue that was asked for.
      if (waiting.current.length > 0) return
      for (let i = 0; i < count; i++) waiting.current.push(tile)
      setQueue(busy.current ? [...waiting.current] : waiting.current.slice(1))
      void run()
    },
    [run],
  )
  return { sell, queued: queue[0]?.key ?? null }
}
