// What the shared parts of the screens put on a page.

import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { ClosedBand } from './parts/closed-band.tsx'
import { Mark } from './parts/mark.tsx'
import { Money } from './parts/money.tsx'

describe('an amount', () => {
  const shown = (plain?: boolean) =>
    renderToStaticMarkup(
      createElement(Money, {
        amountMinor: 1_212_350n,
        currency: 'TND',
        locale: 'fr',
        ...(plain === undefined ? {} : { plain }),
      }),
    )

  it('stands together, its minor digits and unit quieter', () => {
    expect(shown()).toBe(
      '<bdi style="white-space:nowrap">1\u00A0212<span style="color:var(--ink3)">,350</span>' +
        '<span style="color:var(--ink3);font-size:78%">\u00A0DT</span></bdi>',
    )
  })

  it('is in one colour where it is plain', () => {
    expect(shown(true)).not.toContain('color:')
    expect(shown(true)).toContain('font-size:78%')
    expect(shown(false)).toContain('color:var(--ink3)')
  })
})

describe('the place of a code', () => {
  const shown = (more: { digitWidth?: number; height?: number } = {}) =>
    renderToStaticMarkup(createElement(ClosedBand, { groups: [4, 2], label: 'closed', ...more }))

  it('is one bar a group of digits, named, and says nothing of any code', () => {
    const page = shown()
    expect(page).toContain('role="img" aria-label="closed"')
    expect(
      [...page.matchAll(/width:(\d+)px;height:(\d+)px/g)].map(([, width, height]) => [width, height]),
    ).toEqual([
      ['72', '18'],
      ['36', '18'],
    ])
    expect(page.replace(/<[^>]*>/g, '')).toBe('')
  })

  it('is as large as it is told', () => {
    expect(shown({ digitWidth: 10, height: 5 })).toMatch(/width:40px;height:5px.*width:20px;height:5px/)
  })
})

describe('the mark', () => {
  it('has its size and colours, and is passed over by readers', () => {
    const page = renderToStaticMarkup(createElement(Mark, { size: 24 }))
    expect(page).toContain('width="24" height="24"')
    expect(page).toContain('aria-hidden="true" focusable="false"')
    expect([...page.matchAll(/fill="([^"]+)"/g)].map(([, fill]) => fill)).toEqual([
      'var(--fir7)',
      'var(--sheet)',
    ])
    const other = renderToStaticMarkup(createElement(Mark, { size: 9, colour: 'red', ground: 'white' }))
    expect([...other.matchAll(/fill="([^"]+)"/g)].map(([, fill]) => fill)).toEqual(['red', 'white'])
  })
})
