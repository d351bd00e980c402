// A plain page for the operator's staff until the console comes: stock and restock orders, in English and French,
// without a framework. Whoever is not signed in gets the sign-in form.

import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { type StaffNeeds, whoIs } from '@scratchless/office/staff/staff'
import type { FastifyInstance } from 'fastify'
import { listDeliveries, listOrders } from '../restock/restock.sql.ts'
import type { OperatorSettings } from '../settings.ts'
import { adoptSealedStock } from '../stock/adopt-sealed-stock.ts'
import { readStock } from '../stock/stock.sql.ts'
import { type Locale, type Words, words } from './words.ts'

const ORDERS_SHOWN = 20
const PARTS_SHOWN = 200

export function addStatusPage(
  app: FastifyInstance,
  needs: StaffNeeds & { readonly pool: Pool },
  settings: Pick<OperatorSettings, 'party' | 'name' | 'colour'>,
): void {
  app.get<{ Querystring: { lang?: string } }>('/', async (request, reply) => {
    const locale = localeOf(request.query.lang, request.headers['accept-language'])
    const token = request.cookies[`${settings.party}_session`]
    const member = token === undefined ? null : await whoIs(needs, token)
    const body = member === null ? signInForm(words[locale]) : await status(needs.pool, words[locale], locale)
    void reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
    return page(settings, words[locale], locale, body)
  })
  app.get('/sign-in.js', async (_request, reply) => {
    void reply.type('text/javascript; charset=utf-8')
    return SIGN_IN_SCRIPT
  })
}

export function localeOf(asked: string | undefined, acceptLanguage = ''): Locale {
  if (asked === 'fr' || asked === 'en') return asked
  return /^\s*fr\b/i.test(acceptLanguage) ? 'fr' : 'en'
}

async function status(pool: Pool, w: Words, locale: Locale): Promise<string> {
  await inTransaction(pool, adoptSealedStock)
  const [stock, orders, deliveries] = await Promise.all([
    readStock(pool),
    listOrders(pool, ORDERS_SHOWN),
    listDeliveries(pool, PARTS_SHOWN),
  ])
  const count = new Intl.NumberFormat(locale)
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' })
  const stockRows = stock.map((row) => [
    row.product,
    ...[row.inStock, row.despatched, row.delivered, row.onHold].map((codes) => count.format(codes)),
  ])
  const orderRows = orders.map((order) => [
    time.format(order.receivedAt),
    order.partner,
    w.verdicts[order.verdict],
    order.lines
      .map((line) => `${line.product} ${count.format(line.accepted)} / ${count.format(line.ordered)}`)
      .join(', '),
    progress(deliveries.filter(({ orderId }) => orderId === order.id)),
  ])
  return (
    table(w.stock, [w.product, w.inStock, w.despatched, w.delivered, w.onHold], stockRows, w.nothing) +
    table(w.orders, [w.received, w.partner, w.verdict, w.lines, w.parts], orderRows, w.nothing)
  )
}

/** Receipted of planned parts: `3 / 10`. */
function progress(parts: readonly { state: string }[]): string {
  return parts.length === 0
    ? ''
    : `${parts.filter(({ state }) => state === 'taken').length} / ${parts.length}`
}

function table(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): string {
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('')
  const body = rows
    .map((row) => `<tr>${row.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`)
    .join('')
  const empty = `<tr><td colspan="${heads.length}">${escapeHtml(nothing)}</td></tr>`
  return `<section><h2>${escapeHtml(title)}</h2><table><thead><tr>${head}</tr></thead><tbody>${body || empty}</tbody></table></section>`
}

function signInForm(w: Words): string {
  return `<section><h2>${w.signIn}</h2><form id="sign-in"><label>${w.name}<input name="signInName" autocomplete="username" required></label><label>${w.password}<input name="password" type="password" autocomplete="current-password" required></label><button>${w.signIn}</button><p role="alert" hidden>${w.refused}</p></form></section><script src="/sign-in.js" defer></script>`
}

function page(
  { name, colour }: Pick<OperatorSettings, 'name' | 'colour'>,
  w: Words,
  locale: Locale,
  body: string,
): string {
  const title = `${escapeHtml(name)}: ${w.title}`
  const other = locale === 'en' ? 'fr' : 'en'
  return `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body><header style="border-color:${escapeHtml(colour)}"><h1>${title}</h1><a href="?lang=${other}" hreflang="${other}">${w.otherLanguage}</a></header><main>${body}</main></body></html>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** The screens' tokens: paper and ink, and green for action. */
const STYLE = `
:root{--ink:#13201b;--ink3:#5a6a63;--ctrl:#84918b;--line:#d9e0dc;--desk:#ecf0ee;--sheet:#fff;--fir7:#0c5a3f;--fir8:#094631;--red7:#9b1f15;--red0:#fef1ef}
body{margin:0;background:var(--desk);color:var(--ink);font:13px/20px "IBM Plex Sans Variable",system-ui,sans-serif}
header{display:flex;justify-content:space-between;align-items:baseline;padding:12px 24px;background:var(--sheet);border-top:4px solid;border-bottom:1px solid var(--line)}
h1{font-size:22px;line-height:28px;font-weight:600;margin:0}h2{font-size:14px;font-weight:600;margin:0 0 8px}
a{color:var(--fir7)}main{margin:12px;background:var(--sheet)}section{padding:16px 24px;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;width:100%}th{font-size:12px;line-height:16px;font-weight:500;color:var(--ink3);text-align:left}th,td{padding:6px 16px 6px 0;border-bottom:1px solid var(--line)}
label{display:block;margin-bottom:12px;max-width:320px;color:var(--ink3)}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:8px;border:1px solid var(--ctrl);border-radius:6px;color:var(--ink)}
button{font:inherit;font-weight:600;color:#fff;background:var(--fir7);border:0;border-radius:6px;padding:8px 16px}button:hover{background:var(--fir8)}
[role=alert]{color:var(--red7);background:var(--red0);padding:8px 12px;border-radius:8px;max-width:296px}`

const SIGN_IN_SCRIPT = `const form = document.getElementById('sign-in')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const body = JSON.stringify(Object.fromEntries(new FormData(form)))
  const answer = await fetch('/api/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (answer.ok) location.reload()
  else form.querySelector('[role=alert]').hidden = false
})
`
