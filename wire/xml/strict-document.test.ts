import { expect, test } from 'vitest'
import { canonicalBytes, withDocument } from './strict-document.ts'

const LIMIT = 1000
const canonical = (text: string) => canonicalBytes(Buffer.from(text), LIMIT).toString()

test('a document comes back in exclusive canonical form', () => {
  expect(
    canonical(`<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns:u="urn:unused" b='1'><c/>x&#x41;</a>\n`),
  ).toBe('<a b="1"><c></c>xA</a>')
})

test.each([
  ['a DOCTYPE', '<!DOCTYPE a><a/>', 'forbidden-markup'],
  ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', 'forbidden-markup'],
  ['a comment after the root', '<a/><!-- -->', 'forbidden-markup'],
  ['a CDATA section', '<a><![CDATA[b]]></a>', 'forbidden-markup'],
  ['a processing instruction', '<a><?b?></a>', 'forbidden-markup'],
  ['two declarations', '<?xml version="1.0"?><?xml version="1.0"?><a/>', 'forbidden-markup'],
  [
    'a declaration of another encoding',
    '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    'forbidden-markup',
  ],
  ['a declaration of another version', '<?xml version="1.1"?><a/>', 'forbidden-markup'],
  ['a byte order mark', '\uFEFF<a/>', 'forbidden-markup'],
  ['white space in front', ' <a/>', 'forbidden-markup'],
  ['nothing', '', 'forbidden-markup'],
  ['an entity that nobody declared', '<a>&b;</a>', 'not-well-formed'],
  ['a prefix that nobody declared', '<b:a/>', 'not-well-formed'],
  ['a namespace that has no canonical form', '<a xmlns="relative"/>', 'not-well-formed'],
  ['an attribute twice', '<a b="1" b="2"/>', 'not-well-formed'],
  ['two roots', '<a/><a/>', 'not-well-formed'],
  ['a zero byte', '<a>\0</a>', 'not-well-formed'],
  ['elements nested without end', '<a>'.repeat(300), 'not-well-formed'],
  ['too many bytes', `<a>${'b'.repeat(LIMIT)}</a>`, 'too-large'],
])('%s is refused', (_what, text, refusal) => {
  expect(canonical(text)).toBe(refusal)
})

test('bytes that are no UTF-8 are refused, whatever the declaration says', () => {
  expect(canonicalBytes(Buffer.from([0x3c, 0x61, 0x3e, 0xe9, 0x3c, 0x2f, 0x61, 0x3e]), LIMIT)).toBe(
    'not-utf8',
  )
})

test.each([
  ['none', '<a></a>'],
  ['the shortest', '<?xml version="1.0"?><a/>'],
  ['an encoding in small letters', '<?xml version="1.0" encoding="utf-8"?><a/>'],
  ['standalone, yes', '<?xml version="1.0" standalone="yes"?><a/>'],
  ['standalone, no, and white space', '<?xml version="1.0" encoding="UTF-8" standalone="no"  ?> \r\n\t<a/>'],
])('a declaration may be %s', (_what, text) => {
  expect(canonical(text)).toBe('<a></a>')
})

test.each([
  '<?xml version="1.0" encoding="Utf-8"?><a/>',
  '<?xml version="1.0" standalone="maybe"?><a/>',
  '<?xml  version="1.0"?><a/>',
  "<?xml version='1.0'?><a/>",
  '<?xml encoding="UTF-8"?><a/>',
  '<?xml version="1.0" standalone="yes" encoding="UTF-8"?><a/>',
  '<?XML version="1.0"?><a/>',
  '\n<?xml version="1.0"?><a/>',
  `<?xml version="1.0"${' '.repeat(61)}?><a/>`,
  'a<a/>',
  '>',
])('and no other: %s', (text) => {
  expect(canonical(text)).toBe('forbidden-markup')
})

test('a document may have just as many bytes as allowed', () => {
  const text = `<a>${'b'.repeat(LIMIT - 7)}</a>`
  expect(canonical(text)).toBe(text)
  expect(canonical(`<a>${'b'.repeat(LIMIT - 6)}</a>`)).toBe('too-large')
  // Counted in bytes, and before anything else is looked at.
  expect(canonical(`<a>${'é'.repeat(LIMIT / 2 - 3)}</a>`)).toBe('too-large')
  expect(canonicalBytes(Buffer.alloc(LIMIT + 1, 0xff), LIMIT)).toBe('too-large')
})

test('it is looked at from where it begins in a larger buffer to where it ends', () => {
  const whole = Buffer.from('xx<a></a>yy')
  expect(canonicalBytes(whole.subarray(2, 9), LIMIT).toString()).toBe('<a></a>')
})

test('forbidden markup is found before the parser sees it, and what is no UTF-8 before that', () => {
  expect(canonical('<a><?b?>')).toBe('forbidden-markup')
  expect(canonicalBytes(Buffer.concat([Buffer.from('<!--'), Buffer.of(0xff)]), LIMIT)).toBe('not-utf8')
})

test('a document is freed once it was read, also where reading fails', () => {
  let freed = 0
  const body = Buffer.from('<a></a>')
  const reading = (fails: boolean) => () =>
    withDocument(body, (document) => {
      const dispose = document.dispose.bind(document)
      document.dispose = () => {
        freed++
        dispose()
      }
      if (fails) throw new TypeError('the reader broke')
      return document.root.name
    })
  expect(reading(false)()).toBe('a')
  expect(freed).toBe(1)
  expect(reading(true)).toThrow(new TypeError('the reader broke'))
  expect(freed).toBe(2)
  expect(withDocument(Buffer.from('<a>'), () => 'read')).toBeNull()
  expect(withDocument(Buffer.from('<a xmlns="relative"/>'), () => 'read')).toBeNull()
})
