import { createHttpServer, HttpRefusal } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { expect, test } from 'vitest'
import type { StaffGuard } from '../staff/staff-routes.ts'
import { addStatusPage, countText, type StatusTable } from './status-page.ts'
import { languageOf } from './status-words.ts'

const TABLES: StatusTable[] = [
  {
    title: 'Stock & <more>',
    heads: ['Name', 'Count', 'Big', 'When'],
    rows: [[`<b a="x">'`, 12_345, 2_000n, new Date('2026-11-22T13:05:09Z')]],
  },
  { title: 'Orders', heads: ['Name'], rows: [] },
]

async function page(url: string, refusal?: HttpRefusal, accept = 'en', colour?: string) {
  const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })
  const app = createHttpServer({ log, clock: systemClock, random: systemRandom })
  const asked: string[] = []
  const guard: StaffGuard = {
    ruleFor: async () => ({ roles: [], secondFrom: null }),
    mayDo: (act) => ({
      async preHandler() {
        asked.push(act)
        if (refusal) throw refusal
      },
    }),
  }
  const tables = async (language: string) => {
    asked.push(language)
    return TABLES
  }
  addStatusPage(app, { name: 'Atlas & Co', tables, ...(colour === undefined ? {} : { colour }) }, guard)
  const answer = await app.inject({ url, headers: { 'accept-language': accept } })
  await app.close()
  return { asked, status: answer.statusCode, headers: answer.headers, text: answer.body }
}

test('whoever is signed in sees the tables, with every sign shown as what it is', async () => {
  const { asked, status, headers, text } = await page('/')
  expect([status, asked]).toEqual([200, ['see-the-status-page', 'en']])
  expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  expect(text).toContain('<html lang="en">')
  expect(text).toContain('<h1>Atlas &#38; Co</h1>')
  expect(text).toContain('border-top:4px solid #0c5a3f')
  expect(text).toContain('<h2>Stock &#38; &#60;more&#62;</h2>')
  expect(text).toContain(
    '<tr><th scope="col">Name</th><th scope="col" class="number">Count</th><th scope="col" class="number">Big</th><th scope="col">When</th></tr>',
  )
  expect(text).toContain(
    '<td>&#60;b a=&#34;x&#34;&#62;&#39;</td><td class="number">12,345</td><td class="number">2,000</td>',
  )
  expect(text).toContain('<time datetime="2026-11-22T13:05:09.000Z">11/22/26, 1:05:09')
  expect(text).toContain('<h2>Orders</h2><p>Nothing yet.</p>')
  expect(text).toContain('id="sign-out">Sign out</button>')
  expect(text).toContain('<a href="?lang=fr" hreflang="fr" lang="fr">Français</a>')
  expect(text).not.toContain('<form>')
})

test('a stranger sees a form and no table; whoever may not look is told so', async () => {
  const stranger = await page('/?lang=fr', new HttpRefusal(401, 'not-signed-in'), 'en', '#123456')
  expect([stranger.status, stranger.asked]).toEqual([200, ['see-the-status-page']])
  expect(stranger.text).toContain('<button>Se connecter</button>')
  expect(stranger.text).toContain('name="password" type="password"')
  expect(stranger.text).toContain('border-top:4px solid #123456')
  expect(stranger.text).toContain('<a href="?lang=en" hreflang="en" lang="en">English</a>')
  expect(stranger.text).not.toMatch(/<table>|sign-out/)
  expect((await page('/', new HttpRefusal(403, 'not-allowed'))).status).toBe(403)
})

test('the page’s script signs in and out by the routes of staff', async () => {
  const { headers, text, asked } = await page('/status.js')
  expect(headers['content-type']).toBe('text/javascript; charset=utf-8')
  expect(text).toContain(`post('/api/sign-in'`)
  expect(text).toContain(`post('/api/sign-out'`)
  expect(asked).toEqual([])
})

test.each([
  ['fr', 'en', 'fr'],
  ['en', 'fr', 'en'],
  ['de', 'fr', 'fr'],
  [undefined, undefined, 'en'],
  [undefined, 'fr-TN,fr;q=0.9,en;q=0.8', 'fr'],
  [undefined, 'de, en-GB;q=0.9, fr;q=0.5', 'en'],
  [undefined, 'FR', 'fr'],
  [undefined, 'de', 'en'],
])('asked %s, and by the browser %s: %s', (asked, accept, language) => {
  expect(languageOf(asked, accept)).toBe(language)
})

test('a count stands in the reader’s way, with a space that does not break', () => {
  expect([countText('en', 1_234_567), countText('fr', 1_234_567n)]).toEqual([
    '1,234,567',
    '1\u00A0234\u00A0567',
  ])
})
