// The terminal asks what it may sell, and at which prices: the whole catalogue, or an acknowledgement where it has it.

import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import type { CatalogueRequest } from '@scratchless/wire/supply/catalogue-request'
import { readProducts, readRates } from '../catalogue/catalogue.sql.ts'
import { priceFor } from '../catalogue/price.ts'
import type { CentreNeeds } from '../needs.ts'
import { type Answered, answerInSequence, type SignedMessage } from './answer-in-sequence.ts'
import { standingFor } from './standing.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** Each product has one price, in force for as long as the catalogue is. */
const ONLY_PRICE = 1

export async function receiveCatalogueRequest(
  needs: CentreNeeds,
  message: SignedMessage,
  { knownVersion }: CatalogueRequest,
): Promise<Answered> {
  const { terminal, sequence, payloadHash: answering } = message
  return answerInSequence(needs, message, async () => {
    const catalogue = await readCatalogue(needs, terminal)
    return needs.vault.signAnswer({
      terminal: terminal.id,
      sequence,
      answering,
      answer:
        knownVersion === catalogue.version
          ? { kind: 'acknowledgement', content: { standing: catalogue.standing } }
          : { kind: 'catalogue', content: catalogue },
    })
  })
}

async function readCatalogue(needs: CentreNeeds, terminal: SupplyTerminal): Promise<Catalogue> {
  const { pool, clock, settings } = needs
  // The version first: what changes while we read has a later one, and is asked for again.
  const standing = await standingFor(needs, pool, terminal)
  const products = await readProducts(pool, settings.currency)
  const rates = await readRates(pool, [terminal.retailer_id], new Date(clock.nowMs()))
  const sold = new Set(products.map(({ operator }) => operator))
  return {
    standing,
    version: standing.catalogueVersion,
    currency: settings.currency,
    retailerName: terminal.retailer_name,
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
    products: products.map((product) => ({
      id: product.id,
      operator: product.operator,
      faceValueMinor: product.faceValue.amountMinor,
      codeDigits: product.codeDigits,
      checkDigit: product.checkDigit,
      validityDays: product.validityDays,
      refillTemplate: product.refillTemplate,
      qr: false,
      mark: 'sold' as const,
      prices: [
        {
          priceId: ONLY_PRICE,
          validFromS: 0,
          publicPriceMinor: product.publicPrice.amountMinor,
          taxMinor: product.tax.amountMinor,
          netCreditMinor: product.netCredit.amountMinor,
          unitPriceMinor: priceFor(product, terminal.retailer_id, rates, settings.discountBasisPoints)
            .unitPrice.amountMinor,
        },
      ],
    })),
  }
}
