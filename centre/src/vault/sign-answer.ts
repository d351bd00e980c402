// Answers that close no code. Typed content only: what this verb can sign is one of six messages, and which head of
// the audit chain an acknowledgement brings the vault says itself.

import { acknowledgementMessage } from '@scratchless/wire/supply/acknowledgement'
import { balanceMessage } from '@scratchless/wire/supply/balance'
import { catalogueMessage } from '@scratchless/wire/supply/catalogue'
import { shopSettingsMessage } from '@scratchless/wire/supply/shop-settings'
import { statusAnswerMessage } from '@scratchless/wire/supply/status-answer'
import { supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import { signerUnder } from './centre-signers.ts'
import type { RecentHead } from './recent-head.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

type AnswerNeeds = Pick<VaultNeeds, 'keys' | 'pool' | 'signers'> & { readonly recentHead: RecentHead }

export async function signAcknowledgements(
  needs: AnswerNeeds,
  answers: Parameters<VaultVerbs['signAcknowledgements']>[0],
): Promise<readonly Buffer[]> {
  const auditHead = await needs.recentHead()
  const signed: Buffer[] = []
  for (const { terminal, certificate, sequence, answering, standing } of answers) {
    const signer = await signerUnder(needs, terminal, certificate)
    const binding = { terminal, sequence, answering }
    signed.push(acknowledgementMessage.sign({ standing, auditHead }, signer, binding).frame)
  }
  return signed
}

export async function signAnswer(
  needs: AnswerNeeds,
  { terminal, certificate, sequence, answering, answer }: Parameters<VaultVerbs['signAnswer']>[0],
): Promise<Buffer> {
  const { recentHead } = needs
  const binding = { terminal, sequence, answering }
  const signer = await signerUnder(needs, terminal, certificate)
  switch (answer.kind) {
    case 'acknowledgement':
      return acknowledgementMessage.sign(
        { ...answer.content, auditHead: await recentHead() },
        signer,
        binding,
      ).frame
    case 'catalogue':
      return catalogueMessage.sign(answer.content, signer, binding).frame
    case 'shop-settings':
      return shopSettingsMessage.sign(answer.content, signer, binding).frame
    case 'balance':
      return balanceMessage.sign(answer.content, signer, binding).frame
    case 'status-answer':
      return statusAnswerMessage.sign(answer.content, signer, binding).frame
    case 'supply-refusal':
      return supplyRefusalMessage.sign(answer.content, signer, binding).frame
  }
}
