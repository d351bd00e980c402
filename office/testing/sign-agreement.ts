// For tests: what an approver does at his own desk with his key.

import type { KeyObject } from 'node:crypto'
import { AGREE, type AgreedRequest, agreedFields } from '../requests/agreement.ts'
import { signApproval } from '../staff/approval.ts'

export function signAgreement(privateKey: KeyObject, request: AgreedRequest): Buffer {
  return signApproval(privateKey, AGREE, agreedFields(request))
}
