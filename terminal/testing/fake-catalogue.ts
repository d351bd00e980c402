// The fake centre's catalogue: one operator, one product.

import { operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import type { Catalogue, CataloguePrice } from '@scratchless/wire/supply/catalogue'

export const OPERATOR = operatorId('atlas')
export const PRODUCT = productId('ATLAS-5')
export const UNIT_PRICE_MINOR = 4_750n

export const FIRST_PRICE: CataloguePrice = {
  ...{ priceId: 1, validFromS: 0, publicPriceMinor: 5_000n, taxMinor: 300n },
  ...{ netCreditMinor: 4_700n, unitPriceMinor: UNIT_PRICE_MINOR },
}

export function fakeCatalogue(
  version: number,
  retailerName: string,
  prices: readonly CataloguePrice[],
): Omit<Catalogue, 'standing'> {
  return {
    ...{ version, currency: 'TND', retailerName, distributorName: 'Centre', distributorPhone: '71000000' },
    operators: [{ id: OPERATOR, name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' }],
    products: [
      {
        ...{ id: PRODUCT, operator: OPERATOR, faceValueMinor: 5_000n, codeDigits: 14, checkDigit: 'none' },
        ...{ validityDays: 365, refillTemplate: '*123*{code}#', qr: false, mark: 'sold', prices },
      },
    ],
  }
}
