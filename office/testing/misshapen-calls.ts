// For tests of a vault's door: every argument of a verb, broken in each of its places.

interface Broken {
  /** `runs.0.count: NaN` */
  readonly how: string
  readonly argument: unknown
}

const NUMBERS: readonly [string, unknown][] = [
  ['NaN', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
  ['below zero', -1],
  ['a half', 1.5],
  ['beyond whole numbers', 2 ** 53],
  ['text', '1'],
  ['text with an underscore', '0_1'],
  ['bigint', 1n],
  ['null', null],
]
const BIGINTS: readonly [string, unknown][] = [
  ['below zero', -1n],
  ['enormous', 1n << 80n],
  ['number', 1],
  ['NaN', Number.NaN],
  ['text', '1'],
  ['null', null],
]
const TEXTS: readonly [string, unknown][] = [
  ['number', 1],
  ['null', null],
  ['object', {}],
  ['enormous', 'x'.repeat(10_000)],
]
const BYTES: readonly [string, unknown][] = [
  ['none', new Uint8Array(0)],
  ['text', 'aa'],
  ['numbers', [1, 2]],
  ['enormous', new Uint8Array(4_000_000)],
  ['null', null],
]

/** Each place of a good argument that holds something, holding something else. */
export function misshapen(good: unknown): Broken[] {
  const whole = [undefined, null, Number.NaN, 'x', -1, [[]], { nothing: 1 }].filter(
    (one) => typeof one !== typeof good || good === null || typeof good === 'object',
  )
  return [
    ...whole.map((argument) => ({ how: `whole: ${String(argument)}`, argument })),
    ...brokenIn(good, [], (argument) => argument),
  ]
}

function brokenIn(value: unknown, path: readonly string[], put: (value: unknown) => unknown): Broken[] {
  const at = path.join('.')
  const with_ = (list: readonly [string, unknown][]) =>
    list.map(([what, bad]) => ({ how: `${at}: ${what}`, argument: put(bad) }))
  if (typeof value === 'number') return with_(NUMBERS)
  if (typeof value === 'bigint') return with_(BIGINTS)
  if (typeof value === 'string') return with_(TEXTS)
  if (typeof value === 'boolean')
    return with_([
      ['text', 'true'],
      ['number', 1],
      ['null', null],
    ])
  if (value instanceof Uint8Array) return with_(BYTES)
  if (Array.isArray(value))
    return [
      ...with_([
        ['object', {}],
        ['null', null],
        ['text', 'x'],
      ]),
      ...value.flatMap((item, index) =>
        brokenIn(item, [...path, String(index)], (bad) => put(value.with(index, bad))),
      ),
    ]
  if (value === null || typeof value !== 'object') return []
  return [
    { how: `${at}: one field more`, argument: put({ ...value, more: 1 }) },
    ...Object.entries(value).flatMap(([key, inner]) => {
      const { [key]: _, ...rest } = value as Record<string, unknown>
      return [
        { how: `${[...path, key].join('.')}: absent`, argument: put(rest) },
        ...brokenIn(inner, [...path, key], (bad) => put({ ...value, [key]: bad })),
      ]
    }),
  ]
}
