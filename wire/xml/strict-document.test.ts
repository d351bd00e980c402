import { expect, test } from 'vitest'
import { canonicalBytes } from './strict-document.ts'

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
