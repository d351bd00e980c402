// Catalogues that a terminal must refuse, well signed by the centre.

import { type CborValue, encodeCbor } from '@scratchless/wire/compact/cbor'
import { sign1 } from '@scratchless/wire/compact/cose'
import { writeFrame } from '@scratchless/wire/compact/frame'
import { catalogue } from '@scratchless/wire/supply/catalogue'
import { externalData, KIND } from '@scratchless/wire/supply/envelope'
import { LEVEL } from '@scratchless/wire/supply/level'
import * as example from '../../wire/testing/supply-examples.ts'
import { catalogueAsked } from './good-messages.ts'
import { hex, keep } from './keep-vectors.ts'

const SEQUENCE = 2
const good = catalogue.toLine(example.catalogue) as CborValue[]
const OPERATORS = 6
const PRODUCTS = 7
const [operator] = good[OPERATORS] as CborValue[][]
const [product] = good[PRODUCTS] as CborValue[][]
const PRICES = 9
const [price] = product![PRICES] as CborValue[][]
const VALID_FROM = 1
const from = (validFromS: number) => price!.with(VALID_FROM, validFromS)

function bad(name: string, says: string, fields: CborValue[]): void {
  const external = externalData('catalogue', example.terminal, SEQUENCE, catalogueAsked.payloadHash)
  const message = sign1(encodeCbor([LEVEL, ...fields]), external, example.centreSigner)
  keep(`bad-catalogue-${name}`, writeFrame({ kind: KIND.catalogue, sequence: SEQUENCE, message }), {
    ...{ verdict: 'unacceptable', kind: 'catalogue', says: `well signed; ${says}`, from: 'centre' },
    ...{ who: example.terminal, sequence: SEQUENCE, answering: hex(catalogueAsked.payloadHash) },
    must: 'The terminal keeps the catalogue that it has, and sends the same request again later.',
  })
}
const withProducts = (...products: CborValue[]) => good.with(PRODUCTS, products)
const withPrices = (...prices: CborValue[]) => withProducts(product!.with(PRICES, prices))

bad('product-twice', 'a product twice', withProducts(product!, product!))
bad('operator-not-listed', 'a product of an operator that is not listed', good.with(OPERATORS, []))
bad('operator-twice', 'an operator twice', good.with(OPERATORS, [operator!, operator!]))
bad('no-price', 'a product without a price', withPrices())
bad('prices-equal', 'two prices that begin at one second', withPrices(from(100), from(100)))
bad('prices-falling', 'a price that begins before the one ahead of it', withPrices(from(100), from(99)))
bad('five-prices', 'five prices of one product', withPrices(...[1, 2, 3, 4, 5].map(from)))
bad(
  'too-many-prices',
  '501 prices in all, at most four of each product',
  withProducts(
    ...Array.from({ length: 126 }, (_, n) =>
      product!.with(0, `ATLAS-${n + 1}`).with(PRICES, n < 125 ? [1, 2, 3, 4].map(from) : [from(1)]),
    ),
  ),
)
bad('version-0', 'a version of 0', good.with(1, 0))
bad('currency', 'a currency that nobody has', good.with(2, 'XXX'))
bad('colour', 'a colour in lower case', good.with(OPERATORS, [operator!.with(2, '#c0341d')]))
bad('template', 'a refill template without the code', withProducts(product!.with(6, '*123*code#')))
bad('nine-digits', 'codes of nine digits', withProducts(product!.with(3, 9)))
bad('qr-as-boolean', 'a word of a list as true', withProducts(product!.with(7, true)))
