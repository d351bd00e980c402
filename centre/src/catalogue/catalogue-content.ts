// What a terminal is told of products and prices, and how we know that it would now be told something else: by the hash
// of all of it but its number and the standing around it.

import { createHash } from 'node:crypto'
import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import type { CentreSettings } from '../settings.ts'
import type { CatalogueState } from './catalogue.sql.ts'
import type { ProductFacts } from './price.ts'
import { type DatedTerms, scheduleOf } from './price-schedule.ts'

export type CatalogueContent = Omit<Catalogue, 'standing' | 'version'>

export interface CatalogueTerms extends DatedTerms {
  readonly products: readonly ProductFacts[]
}

type ContentSettings = Pick<
  CentreSettings,
  'currency' | 'name' | 'phone' | 'partners' | 'discountBasisPoints'
>

/** `goesOn`: some product has more changes of price entered than a catalogue has room for. */
export function catalogueContent(
  settings: ContentSettings,
  { retailer_id, retailer_name }: Pick<CatalogueState, 'retailer_id' | 'retailer_name'>,
  terms: CatalogueTerms,
  from: Date,
): { readonly content: CatalogueContent; readonly goesOn: boolean } {
  const priced = terms.products
    .map((product) => ({
      product,
      ...scheduleOf(product, retailer_id, from, terms, settings.discountBasisPoints),
    }))
    .filter(({ steps }) => steps.length > 0)
  const sold = new Set(priced.map(({ product }) => product.operator))
  return {
    goesOn: priced.some(({ goesOn }) => goesOn),
    content: {
      currency: settings.currency,
      retailerName: retailer_name,
      distributorName: settings.name,
      distributorPhone: settings.phone,
      operators: settings.partners
        .filter(({ party }) => sold.has(party))
        .map(({ party, name, colour, customerCare }) => ({
          id: party,
          name,
          colour,
          careNumber: customerCare,
        })),
      products: priced.map(({ product, steps }) => ({
        id: product.id,
        operator: product.operator,
        faceValueMinor: product.faceValue.amountMinor,
        codeDigits: product.codeDigits,
        checkDigit: product.checkDigit,
        validityDays: product.validityDays,
        refillTemplate: product.refillTemplate,
        qr: false,
        mark: 'sold' as const,
        // What was in force before the schedule began has held since long.
        prices: steps.map(({ validFrom, ...step }, index) => ({
          ...step,
          validFromS: index === 0 ? 0 : Math.ceil(validFrom.getTime() / 1000),
        })),
      })),
    },
  }
}

/** SHA-256, 32 bytes: the same for the same content, whatever its number. */
export function hashOfContent(content: CatalogueContent): Buffer {
  const text = JSON.stringify(content, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  return createHash('sha256').update(text).digest()
}
