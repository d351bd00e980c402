// The terminal asks what it may sell, and at which prices: the whole catalogue, or an acknowledgement where it has it.

import type { CatalogueRequest } from '@scratchless/wire/supply/catalogue-request'
import { currentCatalogue } from '../catalogue/raise-catalogues.ts'
import type { CentreNeeds } from '../needs.ts'
import { type Answered, answerInSequence, signAnswer } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'

export async function receiveCatalogueRequest(
  needs: CentreNeeds,
  message: SignedMessage,
  { knownVersion }: CatalogueRequest,
): Promise<Answered> {
  const { terminal } = message
  return answerInSequence(needs, message, async () => {
    const { version, content } = await currentCatalogue(needs, terminal.id)
    const standing = await standingFor(needs, needs.pool, { ...terminal, catalogue_version: version })
    return signAnswer(
      needs,
      message,
      knownVersion === version
        ? { kind: 'acknowledgement', content: { standing } }
        : { kind: 'catalogue', content: { standing, version, ...content } },
    )
  })
}
