// The terminal asks what the centre has set for its shop: all of it, or an acknowledgement where it has it.

import type { SettingsRequest } from '@scratchless/wire/supply/settings-request'
import type { CentreNeeds } from '../needs.ts'
import { currentShopSettings } from '../retailers/raise-shop-settings.ts'
import { type Answered, answerInSequence, signAnswer } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'

export async function receiveSettingsRequest(
  needs: CentreNeeds,
  message: SignedMessage,
  { holdsVersion }: SettingsRequest,
): Promise<Answered> {
  const { terminal } = message
  return answerInSequence(needs, message, async () => {
    const { version, content } = await currentShopSettings(needs, terminal)
    const standing = await standingFor(needs, needs.pool, { ...terminal, settings_version: version })
    return signAnswer(
      needs,
      message,
      holdsVersion === version
        ? { kind: 'acknowledgement', content: { standing } }
        : { kind: 'shop-settings', content: { standing, version, ...content } },
    )
  })
}
