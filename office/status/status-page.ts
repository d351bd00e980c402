// A plain page at `/` until an office's console comes: tables for whoever is signed in, a sign-in form for everybody
// else. No framework; one small script of our own. The same page for both offices, each with its own tables.

import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { FastifyInstance } from 'fastify'
import type { StaffGuard } from '../staff/staff-routes.ts'
import { type Language, languageOf, STATUS_WORDS } from './status-words.ts'

/** Numbers are set in the reader's way and to the right; a moment as date and time; text as it is. */
type StatusCell = string | number | bigint | Date

export interface StatusTable {
  readonly title: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly StatusCell[])[]
}

interface StatusPage {
  /** The office's name. */
  readonly name: string
  /** `#rrggbb`: a line at the top, beside the name. */
  readonly colour?: string
  readonly tables: (language: Language) => Promise<readonly StatusTable[]>
}

export function addStatusPage(app: FastifyInstance, office: StatusPage, guard: StaffGuard): void {
  const { preHandler: onlyStaff } = guard.mayDo('see-the-status-page')
  app.get('/status.js', async (_request, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT))
  app.get<{ Querystring: { lang?: string } }>('/', async (request, reply) => {
    const language = languageOf(request.query.lang, request.headers['accept-language'])
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
    try {
      await onlyStaff.call(app, request, reply)
    } catch (error) {
      if (!(error instanceof HttpRefusal) || error.status !== 401) throw error
      return page(office, language, signInForm(language), '')
    }
    const tables = await office.tables(language)
    const signOut = `<button type="button" id="sign-out">${STATUS_WORDS[language].signOut}</button>`
    return page(office, language, tables.map((table) => section(language, table)).join(''), signOut)
  })
}

function page({ name, colour }: StatusPage, language: Language, main: string, button: string): string {
  const other = language === 'en' ? 'fr' : 'en'
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(name)}</title>
<style>${STYLE}</style></head><body style="border-top:4px solid ${escaped(colour ?? '#0c5a3f')}">
<header><span class="mark">scratch<b>less</b></span><h1>${escaped(name)}</h1>
<a href="?lang=${other}" hreflang="${other}" lang="${other}">${STATUS_WORDS[other].language}</a>${button}</header>
<main>${main}</main><script src="/status.js" defer></script></body></html>`
}

function signInForm(language: Language): string {
  const words = STATUS_WORDS[language]
  return `<section><h2>${words.signIn}</h2><form>
<label>${words.name}<input name="signInName" autocomplete="username" required autofocus></label>
<label>${words.password}<input name="password" type="password" autocomplete="current-password" required></label>
<p role="alert" hidden>${words.refused}</p><button>${words.signIn}</button></form></section>`
}

function section(language: Language, { title, heads, rows }: StatusTable): string {
  const [first] = rows
  if (!first) return `<section><h2>${escaped(title)}</h2><p>${STATUS_WORDS[language].nothing}</p></section>`
  const right = (cell: StatusCell | undefined) =>
    typeof cell === 'number' || typeof cell === 'bigint' ? ' class="number"' : ''
  const head = heads.map((text, at) => `<th scope="col"${right(first[at])}>${escaped(text)}</th>`).join('')
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td${right(cell)}>${shown(language, cell)}</td>`).join('')}</tr>`)
    .join('')
  return `<section><h2>${escaped(title)}</h2><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></section>`
}

function shown(language: Language, cell: StatusCell): string {
  if (typeof cell === 'string') return escaped(cell)
  if (cell instanceof Date) {
    const style = { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' } as const
    return `<time datetime="${cell.toISOString()}">${new Intl.DateTimeFormat(language, style).format(cell)}</time>`
  }
  return countText(language, cell)
}

/** A count in the reader's way: `2 000`, `2,000`. */
export function countText(language: Language, count: number | bigint): string {
  return new Intl.NumberFormat(language).format(count).replaceAll('\u202F', '\u00A0')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** The screens' tokens: paper and ink, and green for action. */
const STYLE = `
:root{--ink:#13201b;--ink2:#3a4a43;--ink3:#5a6a63;--ctrl:#84918b;--line:#d9e0dc;--backdrop:#ecf0ee;--sheet:#fff;--fir7:#0c5a3f;--fir8:#094631;--red7:#9b1f15;--red0:#fef1ef}
*{box-sizing:border-box}
body{margin:0;background:var(--backdrop);color:var(--ink);font:13px/20px "IBM Plex Sans Variable",system-ui,sans-serif;font-variant-numeric:tabular-nums}
header{display:flex;gap:16px;align-items:baseline;padding:12px 24px}.mark{font-size:16px;letter-spacing:-.03em}
h1{flex:1;font-size:22px;line-height:28px;font-weight:600;margin:0}h2{font-size:14px;line-height:20px;font-weight:600;margin:0 0 8px}
a{color:var(--fir7)}main{margin:0 12px 12px;background:var(--sheet);border:1px solid var(--line);border-radius:12px}
section{padding:16px 24px;overflow-x:auto}section+section{border-top:1px solid var(--line)}
table{border-collapse:collapse;width:100%}th{font-size:12px;line-height:16px;font-weight:500;color:var(--ink3);text-align:start;white-space:nowrap}
th,td{height:34px;padding:6px 24px 6px 0;border-bottom:1px solid var(--line)}.number{text-align:end}
label{display:block;margin-bottom:12px;max-width:320px;color:var(--ink2)}
input{display:block;width:100%;font:inherit;padding:7px 10px;border:1px solid var(--ctrl);border-radius:6px;color:var(--ink)}
button{font:inherit;font-weight:600;color:var(--ink);background:var(--sheet);border:1px solid var(--ctrl);border-radius:6px;padding:5px 14px;cursor:pointer}
form button{color:#fff;background:var(--fir7);border-color:var(--fir7)}form button:hover{background:var(--fir8)}
:focus-visible{outline:2px solid var(--fir7);outline-offset:2px}p{color:var(--ink3);margin:0}
[role=alert]{color:var(--red7);background:var(--red0);padding:8px 12px;border-radius:8px;max-width:320px;margin-bottom:12px}`

const SCRIPT = `
const post = (url, body) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
document.querySelector('form')?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const answer = await post('/api/sign-in', Object.fromEntries(new FormData(event.target)))
  if (answer.ok) location.reload()
  else document.querySelector('[role=alert]').hidden = false
})
document.querySelector('#sign-out')?.addEventListener('click', async () => {
  await post('/api/sign-out', {})
  location.reload()
})
`
