import { test } from 'vitest'
import { expectDoors } from '../../office/testing/who-may.ts'
import { startTestCentre } from '../testing/test-centre.ts'
import { createStaffServer } from './staff-server.ts'

const ALL = 'stock support finance approver security auditor administrator'

/** Written by hand, for people to read: who may do what at the centre. */
const WHO_MAY = {
  'GET /api/me': ALL,
  'POST /api/me/password': ALL,
  'GET /api/staff': 'security auditor administrator',
  'POST /api/staff/:id/disabling': 'security administrator',
  'GET /api/products': 'stock support finance auditor administrator',
  'POST /api/products': 'stock',
  'POST /api/prices': 'finance',
  'GET /api/products/:id/prices': 'stock support finance auditor administrator',
  'POST /api/tiers': 'finance',
  'GET /api/tiers': 'stock support finance auditor administrator',
  'POST /api/retailers/:id/tier': 'finance',
  'POST /api/rates': 'finance',
  'GET /api/depots': 'stock support finance auditor administrator',
  'POST /api/depots': 'administrator',
  'GET /api/depots/:depot/papers/:series/:year': 'finance auditor',
  'GET /api/retailers': 'support finance auditor',
  'GET /api/retailers/:id': 'support finance auditor',
  'POST /api/retailers': 'support',
  'GET /api/retailers/:id/settings': 'support finance auditor',
  'POST /api/retailers/:id/settings': 'support',
  'GET /api/retailers/:id/vendors': 'support finance auditor',
  'POST /api/retailers/:id/vendors': 'support',
  'POST /api/retailers/:id/vendors/:vendor/suspension': 'support security',
  'POST /api/retailers/:id/closing': 'support security',
  'POST /api/retailers/:id/deposits': 'finance',
  'POST /api/retailers/:id/deposit-reversals': 'finance',
  'POST /api/retailers/:id/credit-line': 'finance',
  'GET /api/terminals': 'support approver security auditor',
  'GET /api/terminals/:id': 'support approver security auditor',
  'GET /api/terminals/:id/codes': 'support approver security auditor',
  'POST /api/terminals': 'support',
  'POST /api/terminals/:id/enrolments': 'support',
  'POST /api/terminals/:id/approvals': 'approver',
  'POST /api/terminals/:id/lock': 'support security',
  'GET /api/terminals/:id/state': 'support approver security auditor',
  'POST /api/terminals/:id/unlock': 'security',
  'POST /api/terminals/:id/revocation': 'support security',
  'GET /api/cards/:id': 'support approver security auditor',
  'POST /api/cards': 'support',
  'POST /api/cards/:id/approvals': 'approver',
  'POST /api/cards/:id/revocation': 'support security',
  'POST /api/restock/activations': 'stock',
  'GET /api/restock/orders': 'stock finance auditor',
  'POST /api/restock/orders': 'stock',
  'GET /api/stock': 'stock support finance auditor',
  'GET /api/codes/:operator/:serial': 'stock support security auditor',
  'GET /api/cases': 'stock support security auditor',
  'POST /api/cases': 'stock support security',
  'POST /api/cases/:id/end': 'stock security',
  'POST /api/exchanges': 'stock support',
  'GET /api/lots': 'stock support security auditor',
  'POST /api/lots': 'stock security',
  'GET /api/requests': 'stock support finance approver security auditor',
  'GET /api/requests/:id': 'stock support finance approver security auditor',
  'POST /api/requests/:id/agreements': 'approver',
  'POST /api/requests/:id/refusal': 'approver security',
  'POST /api/requests/:id/withdrawal': 'stock support finance security',
  'GET /api/supply/orders': 'stock support finance auditor',
  'GET /api/sales/days': 'stock support finance auditor',
  'GET /api/sales/hours': 'stock support finance auditor',
  'GET /api/sales/shops': 'stock support finance auditor',
  'GET /api/retailers/:id/sales': 'stock support finance auditor',
}

test('each route of the centre lets in whom the table names, and nobody else', async () => {
  const centre = await startTestCentre()
  const app = await createStaffServer(centre.needs)
  try {
    await expectDoors(app, centre.database.pool('owner'), WHO_MAY)
  } finally {
    await app.close()
    await centre.close()
  }
})
