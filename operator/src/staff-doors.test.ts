import { test } from 'vitest'
import { expectDoors } from '../../office/testing/who-may.ts'
import { testVault } from '../testing/test-vault.ts'
import { createStaffServer } from './staff-server.ts'

const ALL = 'stock support finance approver security auditor administrator'

/** Written by hand, for people to read: who may do what at the operator. */
const WHO_MAY = {
  'GET /api/me': ALL,
  'POST /api/me/password': ALL,
  'GET /api/staff': 'security auditor administrator',
  'POST /api/staff/:id/disabling': 'security administrator',
  'GET /api/products': 'stock support finance auditor administrator',
  'POST /api/products': 'stock',
  'GET /api/stock': 'stock support finance auditor',
  'POST /api/stock/generations': 'stock',
  'POST /api/stock/admissions': 'stock',
  'POST /api/stock/activations': 'stock',
  'GET /api/codes/:serial': 'stock support security auditor',
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
  'GET /api/restock/orders': 'stock finance auditor',
  'GET /api/restock/deliveries': 'stock finance auditor',
  'GET /api/partners': 'stock finance auditor',
}

test('each route of the operator lets in whom the table names, and nobody else', async () => {
  const { needs, database, drop } = await testVault()
  const { clock, random, log, party } = needs
  const app = await createStaffServer({
    ...{ clock, random, log, pool: database.pool('api'), vault: {} as never },
    settings: {
      ...{ party, name: 'Atlas', colour: '#1D4F9F', currency: 'TND', partners: [], approvers: [] },
      ...{ staffHttp: { host: '127.0.0.1', port: 1 }, stockHttp: { host: '127.0.0.1', port: 1 } },
    },
  })
  try {
    await expectDoors(app, database.pool('owner'), WHO_MAY)
  } finally {
    await app.close()
    await drop()
  }
})
