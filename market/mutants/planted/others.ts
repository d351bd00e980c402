import type { PlantedBug } from './planted-bug.ts'

export const OTHER_BUGS: readonly PlantedBug[] = [
  {
    file: 'keys/file-card.ts',
    find: `    // Counted before it is tried: a power cut during the try costs a try, not a free guess.
    writeDurably(triesPath, \`\${wrong + 1}\\n\`)
    const der = await decryptWithPassphrase(file.privateKey, pin)
`,
    replace: `    const der = await decryptWithPassphrase(file.privateKey, pin)
    writeDurably(triesPath, \`\${wrong + 1}\\n\`)
`,
    why: 'a PIN is counted after the try',
  },
  {
    file: 'keys/file-card.ts',
    find: 'wrong >= MAX_WRONG_PINS',
    replace: 'wrong > MAX_WRONG_PINS',
    why: 'a fourth PIN may be tried',
  },
  {
    file: 'keys/file-card.ts',
    find: '/^\\d$/.test(text) ? Number(text) : MAX_WRONG_PINS',
    replace: '/^\\d$/.test(text) ? Number(text) : 0',
    why: 'deleting the counter gives new tries',
  },
  {
    file: 'program/durable-file.ts',
    find: `      fsyncSync(file)
`,
    replace: '',
    why: 'a file that a power cut empties',
  },
  {
    file: 'program/durable-file.ts',
    find: `    fsyncSync(folder)
`,
    replace: '',
    why: 'a rename that a power cut undoes',
  },
  {
    file: 'keys/pinned-client.ts',
    find: 'fingerprintOf(new X509Certificate(raw).publicKey) === peer.spkiSha256 ? undefined : new WrongKey()',
    replace: 'raw.length > 0 ? undefined : new WrongKey()',
    why: "any certificate of the partner's authority passes for the partner",
  },
  {
    file: 'keys/pinned-client.ts',
    find: "const timer = setTimeout(() => fail(new LineFault('timed-out')), timeoutMs)",
    replace: 'const timer = setTimeout(() => undefined, timeoutMs)',
    why: 'a partner that never answers is waited for without end',
  },
  {
    file: 'keys/passphrase-box.ts',
    find: 'cost < COSTS_TAKEN.min || ',
    replace: '',
    why: 'a box with a cheap scrypt gives its passphrase away',
  },
  {
    file: 'ledger/db/grants.sql',
    find: 'GRANT SELECT, INSERT ON account, transfer, settlement TO :api;',
    replace: 'GRANT SELECT, INSERT, UPDATE ON account, transfer, settlement TO :api;',
    why: "a settlement that the api's role may rewrite",
  },
  {
    file: 'ledger/post-transfers.ts',
    find: "'posted' ? 1n : 0n",
    replace: "'posted' ? 1n : 1n",
    why: 'a voided transfer is posted',
  },
  {
    file: 'ledger/transfer.ts',
    find: '+ transfer.amountMinor <= available',
    replace: '+ transfer.amountMinor <= available + 1n',
    why: 'a holder may owe a millime more than his line',
  },
  {
    file: 'ledger/account.ts',
    find: 'balanceMinor(account) - account.debitsPending + account.creditLineMinor',
    replace: 'balanceMinor(account) + account.creditLineMinor',
    why: 'what was ordered and not confirmed may be spent again',
  },
  {
    file: 'ledger/ledger.sql.ts',
    find: 'ORDER BY id COLLATE "C" FOR NO KEY UPDATE',
    replace: 'ORDER BY id COLLATE "C"',
    why: 'two transfers decide over one balance at once',
  },
  {
    file: 'office/staff/staff.ts',
    find: 'row.locked_until > now',
    replace: 'row.locked_until < now',
    why: 'who was locked stays locked when the lock has ended',
  },
  {
    file: 'office/staff/staff.sql.ts',
    find: ' AND (locked_until IS NULL OR locked_until <= $4)',
    replace: '',
    why: 'of passwords that are tried at the same time more than five are looked at',
  },
  {
    file: 'office/staff/staff.ts',
    find: ' || row.disabled_at !== null) return',
    replace: ' || false) return',
    why: 'a disabled member of staff signs in',
  },
  {
    file: 'office/staff/staff.sql.ts',
    find: ' AND disabled_at IS NULL',
    replace: '',
    why: 'who is disabled stays at the screen',
  },
  {
    file: 'office/staff/staff.sql.ts',
    find: 'ends_at > $2 AND seen_at > $3',
    replace: 'ends_at > $2',
    why: 'a screen left alone stays signed in',
  },
  {
    file: 'office/staff/staff.sql.ts',
    find: 'failures + 1 >= $2 THEN 0',
    replace: 'failures + 1 > $2 THEN 0',
    why: 'the sixth wrong password counts, the fifth does not',
  },
  {
    file: 'office/staff/approval.ts',
    find: 'distinct.size >= APPROVERS_NEEDED',
    replace: 'approvals.length >= APPROVERS_NEEDED',
    why: 'one person under two names approves alone',
  },
  {
    file: 'office/roles/roles.ts',
    find: 'return roles.some((role) => rule.roles.includes(role))',
    replace: 'return roles.length > 0 || rule.roles.length === 0',
    why: 'anybody signed in does what one role may do',
  },
  {
    file: 'office/roles/roles.ts',
    find: 'amount >= rule.secondFrom',
    replace: 'amount > rule.secondFrom',
    why: 'the amount from which it takes two is one person’s still',
  },
  {
    file: 'office/requests/agreement.ts',
    find: 'return [party, number, endsAtS, hashOfRequest(kind, facts)]',
    replace: 'return [party, number, hashOfRequest(kind, facts)]',
    why: 'an agreement has no end',
  },
  {
    file: 'office/requests/agree-to-request.ts',
    find: 'if (request.asked_by === by || request.asked_by === approver) throw',
    replace: 'if (request.asked_by === by && request.asked_by === approver) throw',
    why: 'a member agrees to his own request by a colleague’s key',
  },
  {
    file: 'office/vault/use-agreement.ts',
    find: "return used.hash.equals(hash) ? { codes: used.codes } : { refusal: 'used-already' }",
    replace: 'return { codes: used.codes }',
    why: 'the number of an agreed act serves another act',
  },
  {
    file: 'office/vault/use-agreement.ts',
    find: 'if (!(leftMs > 0 && leftMs <= LONGEST_MS))',
    replace: 'if (!(leftMs <= LONGEST_MS))',
    why: 'the vault uses an agreement whose end has come',
  },
  {
    file: 'operator/src/stock/stock-routes.ts',
    find: "guard.mayDo('activate-lot')",
    replace: "guard.mayDo('see-stock')",
    why: 'anybody signed in activates a lot',
  },
  {
    file: 'operator/src/stock/stock.sql.ts',
    find: 'lot.expires_on > $3 AND free',
    replace: 'lot.expires_on >= $3 AND free',
    why: 'codes that end today are promised to a centre',
  },
  {
    file: 'operator/src/stock/stock.sql.ts',
    find: 'SET activated_at = $2 WHERE id = $1 AND activated_at IS NULL',
    replace: 'SET activated_at = $2 WHERE id = $1',
    why: 'a second activation moves the date of the first',
  },
  {
    file: 'operator/src/restock/receive-restock-order.ts',
    find: 'new Date(order.expiresAt) <= now',
    replace: 'new Date(order.expiresAt) < now',
    why: 'an order is answered at the very moment of its expiry',
  },
  {
    file: 'operator/src/restock/receive-restock-order.ts',
    find: `    await sql.query('ROLLBACK TO SAVEPOINT before_promises')
`,
    replace: '',
    why: 'codes of an order refused for want of money stay promised',
  },
  {
    file: 'operator/src/restock/receive-restock-receipt.ts',
    find: 'if (receipt.deliveryId !== message.id)',
    replace: "if (receipt.deliveryId === '')",
    why: 'the receipt of one part settles another',
  },
  {
    file: 'operator/src/restock/order-decision.ts',
    find: 'if (product.onHold)',
    replace: 'if (product.onHold && freeCodes < 0)',
    why: 'a product on hold is sold',
  },
  {
    file: 'operator/src/vault/restock-journal.sql.ts',
    find: 'WHERE pack.id = run.pack AND pack.closed & run.codes = 0::bit(1000)',
    replace: 'WHERE pack.id = run.pack',
    why: 'codes that are gone are closed for a centre again',
  },
  {
    file: 'operator/src/vault/close-restock-delivery.ts',
    find: 'if (!(await countClosed(sql, plan, codes)))',
    replace: 'if (!countClosed(sql, plan, codes))',
    why: 'an await is dropped: more is closed than was ordered',
  },
  {
    file: 'office/outbox/outbox.sql.ts',
    find: `settled_at = $3, last_problem = NULL,
            attempts = attempts + 1
      WHERE id = $1 AND state = 'waiting'`,
    replace: `settled_at = $3, last_problem = NULL,
            attempts = attempts + 1
      WHERE id = $1`,
    why: 'an answer counts twice',
  },
  {
    file: 'office/outbox/outbox.sql.ts',
    find: "WHERE state = 'waiting' AND next_try_at <= $1",
    replace: "WHERE state = 'waiting'",
    why: 'a partner that is down is asked without a pause',
  },
  {
    file: 'office/outbox/send-outbox.ts',
    find: '          await needs.onAnswer(sql, message, answer)',
    replace: '          void needs.onAnswer(sql, message, answer).catch(() => undefined)',
    why: 'an answer that does not verify is stored as good',
  },
  {
    file: 'office/outbox/send-outbox.ts',
    find: 'FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20)',
    replace: 'FIRST_RETRY_MS * Math.min(attempts, 20)',
    why: 'the pauses between tries grow too slowly',
  },
  {
    file: 'office/inbox/take-message.ts',
    find: "if (!known.payload_hash.equals(message.payloadHash)) return 'altered'",
    replace: '',
    why: "one id with two contents gets the first one's answer",
  },
  {
    file: 'office/inbox/inbox.sql.ts',
    find: 'AND id = $3 AND answer IS NULL',
    replace: 'AND id = $3',
    why: 'a stored answer is overwritten',
  },
  {
    file: 'office/audit-chain/audit-chain.sql.ts',
    find: 'ORDER BY lane LIMIT 1 FOR UPDATE SKIP LOCKED',
    replace: 'ORDER BY lane LIMIT 1',
    why: 'two appenders take one place in a lane of the chain',
  },
  {
    file: 'office/audit-chain/audit-chain.ts',
    find: '[n, at.getTime(), actor, action, subject, details,',
    replace: '[n, actor, action, subject, details,',
    why: 'the time of an entry may be altered unseen',
  },
  {
    file: 'office/audit-chain/tie-lanes.ts',
    find: '  await markTied(sql, lanes)\n',
    replace: '',
    why: 'lanes that did not move are tied again every second',
  },
  {
    file: 'office/audit-chain/verify-chain.ts',
    find: 'const beyond = keptHeads.find(({ n }) => n > head.n)',
    replace: 'const beyond = keptHeads.find(({ n }) => n > head.n + 1n)',
    why: 'a chain whose last entry was cut off holds',
  },
  {
    file: 'wire/compact/cwt.ts',
    find: 'nowS >= certificate.expiresAtS',
    replace: 'nowS > certificate.expiresAtS',
    why: 'a certificate holds in the second of its end',
  },
  {
    file: 'wire/supply/envelope.ts',
    find: 'if (sequence !== binding.sequence || kind < 1',
    replace: 'if (kind < 1',
    why: "a message passes under another number's frame",
  },
]
