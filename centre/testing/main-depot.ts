import { depotId } from '@scratchless/voucher/ids'

/** The depot that every centre begins with. */
export const DEPOT = depotId('main')
