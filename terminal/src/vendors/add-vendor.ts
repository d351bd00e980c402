import { cardId, vendorId } from '@scratchless/voucher/ids'
import type { Store } from '../store/connect-store.ts'
import { hashPassword, MIN_PASSWORD_LENGTH } from './passwords.ts'
import { putVendor } from './vendor.sql.ts'
import type { VendorForm } from './vendors-contract.ts'

type VendorRefusal = 'password-too-short'

/** The owner gives a vendor number, card and password. The form's shapes were checked. */
export async function addVendor(store: Store, form: VendorForm): Promise<'added' | VendorRefusal> {
  if (form.password.length < MIN_PASSWORD_LENGTH) return 'password-too-short'
  const passwordHash = await hashPassword(form.password)
  putVendor(store, { id: vendorId(form.vendor), passwordHash, card: cardId(form.card) })
  return 'added'
}
