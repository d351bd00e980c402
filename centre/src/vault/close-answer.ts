// Answers that close no code. Typed content only: what this verb can sign is one of four messages, and which head of
// the audit chain an acknowledgement brings the vault says itself.

import { closeAcknowledgement } from '@scratchless/wire/supply/acknowledgement'
import { closeCatalogue } from '@scratchless/wire/supply/catalogue'
import { closeStatusAnswer } from '@scratchless/wire/supply/status-answer'
import { closeSupplyRefusal } from '@scratchless/wire/supply/supply-refusal'
import type { RecentHead } from './recent-head.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

export async function closeAnswer(
  { signer, recentHead }: Pick<VaultNeeds, 'signer'> & { readonly recentHead: RecentHead },
  { terminal, sequence, answering, answer }: Parameters<VaultVerbs['closeAnswer']>[0],
): Promise<Buffer> {
  const binding = { terminal, sequence, answering }
  switch (answer.kind) {
    case 'acknowledgement':
      return closeAcknowledgement({ ...answer.content, auditHead: await recentHead() }, signer, binding).frame
    case 'catalogue':
      return closeCatalogue(answer.content, signer, binding).frame
    case 'status-answer':
      return closeStatusAnswer(answer.content, signer, binding).frame
    case 'supply-refusal':
      return closeSupplyRefusal(answer.content, signer, binding).frame
  }
}
