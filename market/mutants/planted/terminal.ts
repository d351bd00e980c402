import type { PlantedBug } from './planted-bug.ts'

export const TERMINAL_BUGS: readonly PlantedBug[] = [
  {
    file: 'terminal/src/sale/till-lock.ts',
    find: 'facts.nowMs >= facts.leaseUntilMs',
    replace: 'facts.nowMs > facts.leaseUntilMs',
    why: 'a till sells at the very end of its lease',
  },
  {
    file: 'terminal/src/sale/till-lock.ts',
    find: 'facts.nowMs >= facts.certificateUntilMs',
    replace: 'facts.nowMs > facts.certificateUntilMs',
    why: 'a till sells at the very end of its certificate',
  },
  {
    file: 'terminal/src/sale/till-lock.ts',
    find: 'facts.unreported >= facts.unreportedAllowed',
    replace: 'facts.unreported > facts.unreportedAllowed',
    why: 'one ticket more than the lease allows stays unreported',
  },
  {
    file: 'terminal/src/sale/till-lock.ts',
    find: ' || facts.revokedCards.includes(vendorCard)',
    replace: '',
    why: 'a revoked card sells on',
  },
  {
    file: 'terminal/src/safe/safe-run.sql.ts',
    find: `next_index < count AND expires_on >= ?2
`,
    replace: `next_index < count AND expires_on >= date(?2, '-1 day')
`,
    why: 'a till sells on the day after the last',
  },
  {
    file: 'terminal/src/safe/safe-run.sql.ts',
    find: `next_index < count AND expires_on >= ?2
`,
    replace: `next_index < count AND expires_on > ?2
`,
    why: 'a till does not sell on the last day',
  },
  {
    file: 'terminal/src/safe/safe-run.sql.ts',
    find: 'ORDER BY expires_on, delivery, first_serial LIMIT 1',
    replace: 'ORDER BY delivery, first_serial LIMIT 1',
    why: 'what expires first is not sold first',
  },
  {
    file: 'terminal/src/safe/safe-run.sql.ts',
    find: 'WHERE barred IS NULL AND next_index < count AND expires_on >= ? GROUP BY product',
    replace: 'WHERE barred IS NULL AND next_index < count GROUP BY product',
    why: 'expired codes stand in the stock that the screen shows',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: "if (printerStatus !== 'ready') return 'printer'",
    replace: "if (printerStatus === 'not-connected') return 'printer'",
    why: 'a sale begins without paper',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: 'countInDoubt(store) >= MOST_OPEN_DOUBTS',
    replace: 'countInDoubt(store) > MOST_OPEN_DOUBTS',
    why: 'a fourth doubt may be opened',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: `    moveCursor(store, intent.run, intent.runIndex)
    clock.saveMark()`,
    replace: '    moveCursor(store, intent.run, intent.runIndex)',
    why: 'the time of a sale is not kept through a power cut',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: `    stepBack(store, sale.run, sale.runIndex)
`,
    replace: '',
    why: 'a code that was not opened is lost',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: `    if (outcome === 'doubtful') insertEvent(store, sale.number, 'in-doubt', atMs)
`,
    replace: '',
    why: 'a doubt is never reported to the centre',
  },
  {
    file: 'terminal/src/sale/sell.ts',
    find: `  own.fill(0)
`,
    replace: '',
    why: "the code's key stays in memory",
  },
  {
    file: 'terminal/src/sale/settle-doubt.ts',
    find: "if (sale.state !== 'in_doubt') return 'not-in-doubt'",
    replace: "if (sale.state === 'intent') return 'not-in-doubt'",
    why: 'a printed ticket can be called damaged afterwards',
  },
  {
    file: 'terminal/src/sale/settle-doubt.ts',
    find: `      insertEvent(store, number, 'in-doubt', atMs)
`,
    replace: '',
    why: 'a doubt that a power cut left is not reported',
  },
  {
    file: 'terminal/src/sale/report.sql.ts',
    find: `acknowledged = 0 AND reported_in IS NULL AND state = 'printed'
       ORDER BY`,
    replace: `acknowledged = 0 AND reported_in IS NULL AND state <> 'intent'
       ORDER BY`,
    why: 'a sale in doubt is reported as sold',
  },
  {
    file: 'terminal/src/sale/report.sql.ts',
    find: "AND state = 'printed' AND number <= ?",
    replace: "AND state = 'printed'",
    why: 'sales that a full report had no room for count as reported',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: "if ((byte & MARK_PAPER_END) === MARK_PAPER_END) return end('doubtful')",
    replace: '',
    why: 'an end of paper within a ticket is ignored',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: "let timer = setTimeout(() => end('doubtful'), MARK_WITHIN_MS)",
    replace: "let timer = setTimeout(() => end('printed'), MARK_WITHIN_MS)",
    why: 'a printer that answers nothing counts as printed',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: "lost: () => end('doubtful'),",
    replace: 'lost: () => undefined,',
    why: 'a cable pulled within a ticket is noticed by nobody',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: "if (result === 'doubtful') used!.destroy()",
    replace: '',
    why: 'marks of a ticket that was given up count for the next',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: ' || paper! & PAPER_END',
    replace: '',
    why: 'the paper sensor is not looked at',
  },
  {
    file: 'terminal/src/ticket/printer-link.ts',
    find: 'used.write(ticket, () => ticket.fill(0))',
    replace: 'used.write(ticket)',
    why: 'the open ticket stays in memory',
  },
  {
    file: 'terminal/src/supply/take-standing.ts',
    find: 'if (known && known.timeS > standing.timeS) return',
    replace: '',
    why: 'an older answer overwrites a newer standing',
  },
  {
    file: 'terminal/src/supply/terminal-clock.ts',
    find: 'if (!fresh && aheadMs > 0) return',
    replace: 'if (aheadMs > 0 && aheadMs > TOLERATED_MS * 1_000_000) return',
    why: 'an old answer sets the clock back',
  },
  {
    file: 'terminal/src/supply/terminal-clock.ts',
    find: 'highWaterMs = Math.max(highWaterMs, system.nowMs() + offsetMs)',
    replace: 'highWaterMs = system.nowMs() + offsetMs',
    why: "setting the machine's clock back prolongs the lease",
  },
  {
    file: 'terminal/src/supply/exchange.ts',
    find: 'const fresh = !sentBefore &&',
    replace: 'const fresh =',
    why: 'a repeated answer passes as fresh',
  },
  {
    file: 'terminal/src/supply/exchange.ts',
    find: "if (request.kind === 'sales-report') releaseReport(store, request.sequence)",
    replace: '',
    why: 'what a refused report held is never reported',
  },
  {
    file: 'terminal/src/supply/receive-supply-delivery.ts',
    find: 'if (run.codes.length !== run.count * sealedSize(line.digits))',
    replace: 'if (run.codes.length < run.count * sealedSize(line.digits))',
    why: 'a run with codes of another length is kept',
  },
  {
    file: 'terminal/src/supply/receive-supply-delivery.ts',
    find: 'order.lettersAsked < MOST_LETTERS_ASKED',
    replace: 'order.lettersAsked <= MOST_LETTERS_ASKED',
    why: 'a letter is asked for once more than the rule says',
  },
  {
    file: 'terminal/src/supply/take-turn.ts',
    find: 'nowSeconds(needs.clock) < expiresAtS',
    replace: 'nowSeconds(needs.clock) <= expiresAtS',
    why: 'an order is repeated in the second of its expiry',
  },
  {
    file: 'terminal/src/supply/save-request.ts',
    find: `    clock.saveMark()
`,
    replace: '',
    why: 'the time of a request is not kept through a power cut',
  },
  {
    file: 'terminal/src/supply/ask-card-letter.ts',
    find: '  if (letter.otherCards === 0) keepLettersOf(store, cards)\n',
    replace: '',
    why: 'a card that a new letter leaves out keeps its old one',
  },
  {
    file: 'terminal/src/store/connect-store.ts',
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = OFF',
    why: 'a store that does not sync',
  },
  {
    file: 'terminal/src/store/connect-store.ts',
    find: 'enableForeignKeyConstraints: true',
    replace: 'enableForeignKeyConstraints: false',
    why: 'the store checks no reference',
  },
  {
    file: 'terminal/src/vendors/sign-in.ts',
    find: "if (needs.revokedCards.includes(person.card)) return { refusal: 'card-blocked' }",
    replace: '',
    why: 'a revoked card opens the till',
  },
  {
    file: 'terminal/src/vendors/sign-in.ts',
    find: `    tries.failed()
`,
    replace: '',
    why: 'passwords may be guessed without end',
  },
  {
    file: 'terminal/src/vendors/sign-in.ts',
    find: "state.status === 'out' || state.card !== person.card",
    replace: "state.status === 'out'",
    why: "a vendor signs in with another vendor's card",
  },
  {
    file: 'terminal/src/card/hold-card.ts',
    find: "if (!unlocked) return { refusal: 'card-locked' }",
    replace: '',
    why: 'a locked till gets code keys',
  },
  {
    file: 'terminal/src/card/hold-card.ts',
    find: 'setTimeout(shutSafe, SAFE_OPEN_MS)',
    replace: 'setTimeout(shutSafe, SAFE_OPEN_MS * 3_600)',
    why: 'the safe stays open after a press that came to nothing',
  },
  {
    file: 'terminal/src/card/pace.ts',
    find: 'const AT_ONCE = 10',
    replace: 'const AT_ONCE = 100',
    why: 'a script opens a hundred codes at once',
  },
]
