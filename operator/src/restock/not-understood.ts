// A centre may answer any message of ours that it does not understand it: nothing came of the message, and nothing will.

import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { CentreId } from '@scratchless/voucher/ids'
import type { VaultVerbs } from '../vault/verbs.ts'

/**
 * Whether an answer that is no receipt (`refusal` says why) is the partner's signed word that it does not understand
 * this very message. The levels in both sides' settings differ then, which is for people to mend.
 */
export async function openNotUnderstood(
  { vault, log }: { readonly vault: PrivateLine<VaultVerbs>; readonly log: Log },
  partner: CentreId,
  message: OutgoingMessage,
  answer: Uint8Array,
  refusal: string,
): Promise<boolean> {
  if (refusal !== 'other-message') return false
  const opened = await vault.openNotUnderstood({ partner, bytes: answer })
  if ('refusal' in opened || opened.messageId !== message.id) return false
  const { highestLevel } = opened
  log.error(
    { partner, message: message.id, highestLevel },
    'the centre does not understand a message of ours',
  )
  return true
}
