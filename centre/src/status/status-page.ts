// A plain page until the console comes: what is in stock, what was ordered, in which state. No framework; one small
// script of our own for signing in and out.

import { HttpRefusal } from '@scratchless/office/http/http-server'
import type { StaffGuard } from '@scratchless/office/staff/staff-routes'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import { listRestockOrders } from '../restock/restock-routes.ts'
import { readStock } from '../stock/stock.sql.ts'
import { listSupplyOrders } from '../stock/stock-routes.ts'
import { type Language, languageOf, WORDS, type Words } from './status-words.ts'

const Query = z.object({ lang: z.string().optional() })

const STYLE = `
:root{--ink:#13201b;--ink2:#3a4a43;--ink3:#5a6a63;--ctrl:#84918b;--line:#d9e0dc;--desk:#ecf0ee;--sheet:#fff;--fir7:#0c5a3f;--red7:#9b1f15}
body{margin:0;background:var(--desk);color:var(--ink);font:16px/1.5 "IBM Plex Sans",system-ui,sans-serif}
header,main{max-width:64rem;margin:0 auto;padding:1rem}
header{display:flex;gap:1rem;align-items:baseline}header b span{font-weight:400}header a,header button{margin-inline-start:auto}
header a+button{margin-inline-start:0}
section{background:var(--sheet);border:1px solid var(--line);border-radius:8px;padding:1rem;margin-bottom:1rem;overflow-x:auto}
h1{font-size:1.1rem;margin:0}h2{font-size:1rem;margin:0 0 .5rem}
table{border-collapse:collapse;width:100%}th{color:var(--ink3);font-weight:400;text-align:start}
th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}.n{text-align:end;font-variant-numeric:tabular-nums}
label{display:block;color:var(--ink2)}input{font:inherit;border:1px solid var(--ctrl);border-radius:6px;padding:.5rem;width:100%;max-width:20rem}
button{font:inherit;background:var(--fir7);color:#fff;border:0;border-radius:6px;padding:.5rem 1rem;margin-top:1rem;cursor:pointer}
:focus-visible{outline:2px solid var(--fir7);outline-offset:2px}[role=alert]{color:var(--red7)}p{color:var(--ink3);margin:.25rem 0}`

const SCRIPT = `
const post = (url, body) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
document.querySelector('form')?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { signInName, password } = Object.fromEntries(new FormData(event.target))
  const answer = await post('/api/sign-in', { signInName, password })
  if (answer.ok) location.reload()
  else document.querySelector('[role=alert]').hidden = false
})
document.querySelector('#sign-out')?.addEventListener('click', async () => {
  await post('/api/sign-out', {})
  location.reload()
})`

export function addStatusPage(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const onlyStaff = guard.requireRole()
  app.get('/status.js', async (_request, reply) => reply.type('text/javascript').send(SCRIPT))
  app.get('/', async (request, reply) => {
    const { lang } = Query.safeParse(request.query).data ?? {}
    const language = languageOf(lang, request.headers['accept-language'])
    const words = WORDS[language]
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
    try {
      await onlyStaff.call(app, request, reply)
    } catch (error) {
      if (!(error instanceof HttpRefusal) || error.status !== 401) throw error
      return page(language, needs.settings.name, signInForm(words), '')
    }
    const sections = await readSections(needs, words)
    return page(language, needs.settings.name, sections, `<button id="sign-out">${words.signOut}</button>`)
  })
}

function page(language: Language, centre: string, main: string, button: string): string {
  const other = language === 'en' ? 'fr' : 'en'
  const { title } = WORDS[language]
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(centre)} – ${title}</title>
<style>${STYLE}</style></head><body><header><b><span>scratch</span>less</b><h1>${escaped(centre)}</h1>
<a href="?lang=${other}" hreflang="${other}" lang="${other}">${other === 'fr' ? 'Français' : 'English'}</a>${button}</header>
<main>${main}</main><script src="/status.js"></script></body></html>`
}

function signInForm(words: Words): string {
  return `<section><h2>${words.signIn}</h2><form>
<label>${words.name}<br><input name="signInName" autocomplete="username" required autofocus></label>
<label>${words.password}<br><input name="password" type="password" autocomplete="current-password" required></label>
<p role="alert" hidden>${words.wrong}</p><button>${words.signIn}</button></form></section>`
}

async function readSections(needs: CentreNeeds, words: Words): Promise<string> {
  const stock = await readStock(needs.pool)
  const restock = await listRestockOrders(needs)
  const supply = await listSupplyOrders(needs)
  return [
    table(
      words,
      words.stock,
      [words.product, words.inStock, words.despatched, words.delivered, words.sold],
      stock.map((row) => [row.product, row.inStock, row.despatched, row.delivered, row.sold]),
    ),
    table(
      words,
      words.restock,
      [words.time, words.operator, words.state, words.lines],
      restock.map((order) => [
        timeText(order.orderedAt),
        order.operator,
        words.states[order.state],
        order.lines.map(({ product, received, quantity }) => `${product} ${received}/${quantity}`).join(', '),
      ]),
    ),
    table(
      words,
      words.supply,
      [words.time, words.terminal, words.state, words.codes, words.debited],
      supply.map((order) => [
        timeText(order.decidedAt),
        `${order.terminal} · ${order.sequence}`,
        words.states[order.state],
        order.codes,
        `${order.debited} ${needs.settings.currency}`,
      ]),
    ),
  ].join('')
}

function table(
  words: Words,
  title: string,
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  if (rows.length === 0) return `<section><h2>${title}</h2><p>${words.nothing}</p></section>`
  const cell = (value: string | number) =>
    typeof value === 'number' ? `<td class="n">${value}</td>` : `<td>${escaped(value)}</td>`
  const head = heads.map(
    (text, at) => `<th${typeof rows[0]![at] === 'number' ? ' class="n"' : ''}>${text}</th>`,
  )
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`)
  return `<section><h2>${title}</h2><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></section>`
}

function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
