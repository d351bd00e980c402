import type { PlantedBug } from './planted-bug.ts'

export const CENTRE_BUGS: readonly PlantedBug[] = [
  {
    file: 'centre/src/supply/supply.sql.ts',
    find: 'held_at IS NULL AND activated_on <= $3',
    replace: 'held_at IS NULL AND activated_on IS NOT NULL',
    why: 'codes that the network does not take yet are supplied',
  },
  {
    file: 'centre/src/supply/supply.sql.ts',
    find: `        AND expires_on >= $4
`,
    replace: `        AND expires_on > $4
`,
    why: 'codes of the last day that is long enough are not supplied',
  },
  {
    file: 'centre/src/supply/supply.sql.ts',
    find: 'LIMIT $7 FOR NO KEY UPDATE ',
    replace: 'LIMIT $7 -- ',
    why: 'packs are read and not locked: two groups take the same codes',
  },
  {
    file: 'centre/src/supply/open-orders.sql.ts',
    find: "coalesce(sum(codes) FILTER (WHERE state <> 'withheld'), 0)::int AS last_day",
    replace: 'coalesce(sum(codes), 0)::int AS last_day',
    why: 'codes that were withheld count against the ceiling',
  },
  {
    file: 'centre/src/supply/open-orders.sql.ts',
    find: 'AND "order".sequence < asked.before',
    replace: 'AND "order".sequence <= asked.before',
    why: 'a message settles an order of its own number',
  },
  {
    file: 'centre/src/supply/open-orders.sql.ts',
    find: "AND open.state = 'despatched' AND open.decided_at < $2",
    replace: "AND open.state = 'despatched'",
    why: 'orders of a minute ago are settled as overdue',
  },
  {
    file: 'centre/src/supply/supply.sql.ts',
    find: `SET state = 'withheld', settled_at = $4, withheld_at = $4
      WHERE depot_id = $1 AND terminal_id = $2 AND sequence = $3 AND state = 'decided'`,
    replace: `SET state = 'withheld', settled_at = $4, withheld_at = $4
      WHERE depot_id = $1 AND terminal_id = $2 AND sequence = $3`,
    why: 'an order that was despatched is withheld afterwards',
  },
  {
    file: 'centre/src/supply/supply-message.sql.ts',
    find: 'AND message.sequence = made.sequence AND message.answer IS NULL',
    replace: 'AND message.sequence = made.sequence',
    why: 'an answer that was stored is made again',
  },
  {
    file: 'centre/src/supply/supply.sql.ts',
    find: 'SET given = pack.given & ~run.codes, aside = pack.aside | run.codes',
    replace: 'SET given = pack.given & ~run.codes',
    why: 'codes of a withheld order are given to the next terminal',
  },
  {
    file: 'centre/src/supply/close-supply-orders.ts',
    find: 'return stored.has(order) ?',
    replace: 'return stored.size >= 0 ?',
    why: 'of two processes that close one order each answers with its own bytes',
  },
  {
    file: 'centre/src/supply/decide-supply-orders.ts',
    find: 'if (unlocked.enough) return unlocked.packs',
    replace: 'if (unlocked.packs.length >= 0) return unlocked.packs',
    why: 'an order is refused for want of packs that another process holds for a moment',
  },
  {
    file: 'centre/src/vault/close-supply-deliveries.ts',
    find: "if (gone.slice(offset, offset + count).includes('1')) return null",
    replace: "if (gone.slice(offset, offset + 1) === '1') return null",
    why: 'a run whose first code alone is not gone is closed',
  },
  {
    file: 'centre/src/supply/supply-terminal.sql.ts',
    find: 'ORDER BY terminal.id FOR NO KEY UPDATE OF terminal',
    replace: 'ORDER BY terminal.id',
    why: 'two messages of one terminal are taken at once',
  },
  {
    file: 'centre/src/supply/supply-terminal.sql.ts',
    find: `WHERE retailer_id = ANY($1::text[]) AND revoked_at > $2
      ORDER BY revoked_at DESC`,
    replace: `WHERE retailer_id = ANY($1::text[]) AND revoked_at > $2
      ORDER BY revoked_at`,
    why: 'of many revoked cards terminals hear of the oldest',
  },
  {
    file: 'centre/src/supply/standing.ts',
    find: '(cards.get(terminal.retailer_id) ?? [])',
    replace: '([] as { id: CardId }[])',
    why: 'revoked cards are never told to terminals',
  },
  {
    file: 'centre/src/supply/standing.ts',
    find: 'leaseUntilS: timeS + days * DAY_S',
    replace: 'leaseUntilS: timeS + (days + 1) * DAY_S',
    why: "a lease lasts a day longer than the centre's settings say",
  },
  {
    file: 'centre/src/supply/standing.ts',
    find: 'new Date(nowMs - days * DAY_S * 1000)',
    replace: 'new Date(nowMs - days * DAY_S)',
    why: 'a card revoked two hours ago is told to nobody any more',
  },
  {
    file: 'centre/src/supply/standing.ts',
    find: 'terminal.letter_ends_at.getTime() > nowMs + EPOCH_MARGIN_MS',
    replace: 'terminal.letter_ends_at.getTime() > nowMs - EPOCH_MARGIN_MS',
    why: 'an order is decided under an epoch that has just ended',
  },
  {
    file: 'centre/src/supply/sequence.ts',
    find: 'if (endsAt.getTime() <= nowMs ||',
    replace: 'if (endsAt.getTime() < nowMs ||',
    why: 'a certificate counts at the very moment of its end',
  },
  {
    file: 'centre/src/supply/sequence.ts',
    find: 'if (locked_at !== null && why !== null)',
    replace: 'if (locked_at === undefined && why !== null)',
    why: 'a locked terminal goes on ordering',
  },
  {
    file: 'centre/src/supply/sequence.ts',
    find: 'if (known.kind === BURNT) return unexpected',
    replace: '',
    why: 'an order whose number was burnt gets an empty answer',
  },
  {
    file: 'centre/src/supply/answer-in-sequence.ts',
    find: `    await markTerminalLocked(sql, terminal.id, at, 'content-altered')
`,
    replace: '',
    why: 'one number with two contents raises an alarm and locks nothing',
  },
  {
    file: 'centre/src/supply/answer-in-sequence.ts',
    find: `    await raiseAlarm(sql, { at, kind: 'supply-message-altered', subject })
`,
    replace: '',
    why: 'one number with two contents locks the terminal without an alarm',
  },
  {
    file: 'centre/src/supply/take-turn.ts',
    find: 'const open = await settleInTurn(\n    batch,\n    depot,\n    next.map(',
    replace: 'const open = await settleInTurn(\n    batch,\n    depot,\n    next.slice(next.length).map(',
    why: 'a receipt posts no money',
  },
  {
    file: 'centre/src/sales/book-sales.ts',
    find: 'rest.filter((_, index) => !same.has(index))',
    replace: 'rest.filter((_, index) => same.has(index))',
    why: 'one code on two tickets is reported without an alarm',
  },
  {
    file: 'centre/src/sales/sale.sql.ts',
    find: 'AND terminal_id = $2 AND product_id = reported.product',
    replace: 'AND product_id = reported.product',
    why: "a terminal may report the sale of another terminal's code",
  },
  {
    file: 'centre/src/sales/sale.sql.ts',
    find: 'first_serial + count > reported.serial',
    replace: 'first_serial + count >= reported.serial',
    why: "the code after a run's last counts as this terminal's",
  },
  {
    file: 'centre/src/sales/sale.sql.ts',
    find: 'AND sale.terminal_id = $2 AND sale.ticket = reported.ticket',
    replace: 'AND sale.terminal_id = $2',
    why: 'the same code on another ticket passes as the same sale',
  },
  {
    file: 'centre/src/sales/sale.sql.ts',
    find: '        AND (run.sold IS NULL OR bit_count(run.sold & marked.codes) = 0)`',
    replace: '`',
    why: 'a code that is sold is marked as sold once more',
  },
  {
    file: 'centre/src/supply/let-bytes-go.sql.ts',
    find: 'AND sequence < terminal.last_sequence',
    replace: 'AND sequence <= terminal.last_sequence',
    why: 'the newest answer of a terminal goes with the old ones',
  },
  {
    file: 'centre/src/supply/receive-supply-receipt.ts',
    find: '?.equals(receipt.deliveryHash) === true',
    replace: '?.equals(receipt.deliveryHash) !== false',
    why: 'a receipt for a delivery that never was raises no alarm',
  },
  {
    file: 'centre/src/supply/receive-status-request.ts',
    find: 'asked === last + 1',
    replace: 'asked <= last + 1',
    why: 'a status request burns a number that was answered',
  },
  {
    file: 'centre/src/supply/close-supply-orders.ts',
    find: 'if (order.debitedMinor > 0n) await settlePending(sql, depot, [id], settlement)',
    replace: '',
    why: 'the money of a withheld order stays pending',
  },
  {
    file: 'centre/src/supply/close-supply-orders.ts',
    find: `    await raiseAlarm(sql, { at, kind: 'supply-withheld', subject: id, details: { refusal } })
`,
    replace: '',
    why: 'desk and vault disagree and nobody is told',
  },
  {
    file: 'centre/src/supply/settle-overdue-orders.ts',
    find: '24 * 3_600_000',
    replace: '48 * 3_600_000',
    why: 'an order nobody confirmed is settled a day late',
  },
  {
    file: 'centre/src/supply/supply-decision.ts',
    find: 'nowS >= order.expiresAtS',
    replace: 'nowS > order.expiresAtS',
    why: 'an order is decided in the second of its expiry',
  },
  {
    file: 'centre/src/supply/supply-decision.ts',
    find: 'if (debitedMinor > before)',
    replace: 'if (debitedMinor > before + 1n)',
    why: 'an order may cost a millime more than there is',
  },
  {
    file: 'centre/src/supply/supply-decision.ts',
    find: `  view.availableMinor.set(retailer, before - debitedMinor)
`,
    replace: '',
    why: 'two orders of one group spend the same money',
  },
  {
    file: 'centre/src/supply/supply-decision.ts',
    find: `  view.given.set(terminal.id, { lastHour: given.lastHour + codes, lastDay: given.lastDay + codes })
`,
    replace: '',
    why: 'two orders of one group pass one ceiling',
  },
  {
    file: 'centre/src/supply/supply-decision.ts',
    find: 'if (terminal.retailer_closed_at !== null)',
    replace: 'if (terminal.retailer_closed_at !== null && nowS < 0)',
    why: 'a closed retailer orders on',
  },
  {
    file: 'centre/src/supply/decide-supply-orders.ts',
    find: 'at.getTime() + LEAST_VALIDITY_DAYS * DAY_MS',
    replace: 'at.getTime() + 6 * DAY_MS',
    why: 'codes that end within the week are supplied',
  },
  {
    file: 'centre/src/supply/decide-supply-orders.ts',
    find: '[...wanted.keys()].sort()',
    replace: '[...wanted.keys()]',
    why: 'two groups lock products in two orders',
  },
  {
    file: 'centre/src/supply/shelf.ts',
    find: 'if (lotRuns === MAX_RUNS_PER_LOT) break',
    replace: '',
    why: 'a delivery holds more runs of a lot than the wire takes',
  },
  {
    file: 'centre/src/terminals/card-routes.ts',
    find: `      await endLetterEpochs(sql, retailer, at)
`,
    replace: '',
    why: "after a revocation codes are still closed for the old card's key",
  },
  {
    file: 'centre/src/terminals/card-routes.ts',
    find: `    await vault.revokeCard(id)
`,
    replace: '',
    why: 'the vault never hears that a card was revoked',
  },
  {
    file: 'centre/src/terminals/terminal-routes.ts',
    find: `    await vault.revokeTerminal(id)
`,
    replace: '',
    why: 'the vault never hears that a terminal was revoked',
  },
  {
    file: 'centre/src/terminals/terminal-routes.ts',
    find: 'if (row.certified_until !== null && row.certified_until.getTime() > clock.nowMs())',
    replace: 'if (row.certified_until === undefined)',
    why: 'a terminal in use is enrolled a second time',
  },
  {
    file: 'centre/src/terminals/terminals.sql.ts',
    find: 'SET fingerprint = $2 WHERE number = $1 AND fingerprint IS NULL',
    replace: 'SET fingerprint = $2 WHERE number = $1',
    why: "a second device takes the first one's place while people compare",
  },
  {
    file: 'centre/src/terminals/terminals.sql.ts',
    find: 'SET revoked_at = $2, revoked_why = $3 WHERE id = $1 AND revoked_at IS NULL',
    replace: 'SET revoked_at = $2, revoked_why = $3 WHERE id = $1',
    why: 'a second revocation moves the date of the first',
  },
  {
    file: 'centre/src/retailers/retailer-routes.ts',
    find: "if (result === 'document-used') throw new HttpRefusal(409, result)",
    replace: "if (result === 'id-reused') return viewOf(sql, row, settings.currency)",
    why: 'a document used for another deposit is taken as if it held',
  },
  {
    file: 'centre/src/retailers/retailer-routes.ts',
    find: 'if (amount.amountMinor === 0n)',
    replace: 'if (amount.amountMinor < 0n)',
    why: 'a deposit of nothing is entered',
  },
  {
    file: 'centre/src/catalogue/price.ts',
    find: 'particularity(rate) >= particularity(best)',
    replace: 'particularity(rate) > particularity(best)',
    why: 'of two like rates the older one counts',
  },
  {
    file: 'centre/src/restock/receive-restock-delivery.ts',
    find: `    await raiseAlarm(needs.pool, { at: new Date(needs.clock.nowMs()), ...alarm })
`,
    replace: '',
    why: 'a delivery that does not open raises no alarm',
  },
  {
    file: 'centre/src/vault/take-restock-delivery.ts',
    find: 'line.received + codes > line.accepted',
    replace: 'line.received + codes > line.accepted + 1',
    why: 'one code more than was accepted is taken',
  },
  {
    file: 'centre/src/vault/take-restock-delivery.ts',
    find: 'content.expiresOn < nowIso(needs.clock).slice(0, 10)',
    replace: 'content.expiresOn <= nowIso(needs.clock).slice(0, 10)',
    why: 'codes are refused on the last day of their life',
  },
  {
    file: 'centre/src/vault/close-supply-deliveries.ts',
    find: 'key.ends_at.getTime() <= nowMs',
    replace: 'key.ends_at.getTime() < nowMs',
    why: 'codes are closed at the very end of an epoch',
  },
  {
    file: 'centre/src/vault/close-supply-deliveries.ts',
    find: 'after.last_hour > ceilings.codesPerHour || ',
    replace: '',
    why: 'the vault holds no ceiling by the hour',
  },
  {
    file: 'centre/src/vault/close-supply-deliveries.ts',
    find: 'if (total > line.quantity) return false',
    replace: '',
    why: 'the vault closes more than the terminal ordered',
  },
  {
    file: 'centre/src/vault/ring.ts',
    find: `  if (row.revoked_at !== null) return null
`,
    replace: '',
    why: 'the vault believes a revoked terminal',
  },
  {
    file: 'centre/src/vault/ring.sql.ts',
    find: 'WHERE retailer_id = $1 AND revoked_at IS NULL ORDER BY id',
    replace: 'WHERE retailer_id = $1 ORDER BY id',
    why: 'a revoked card gets the next letter all the same',
  },
  {
    file: 'centre/src/vault/enrolment.ts',
    find: 'if (row.device_key !== null && !row.device_key.equals(spki))',
    replace: 'if (row.device_key === null)',
    why: 'the second device of an enrolment is answered like the first',
  },
  {
    file: 'centre/src/vault/write-card-letter.ts',
    find: 'newest.ends_at.getTime() > nowMs)',
    replace: 'newest.ends_at.getTime() >= nowMs)',
    why: "an epoch's key is given out at the moment of its end",
  },
]
