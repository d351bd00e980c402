// One real PostgreSQL for the whole test run, embedded unless SCRATCHLESS_TEST_DATABASE_URL names another.

import { startTestPostgres, type TestPostgres } from '../../office/testing/test-database.ts'

let server: TestPostgres | undefined

export async function setup(): Promise<void> {
  server = await startTestPostgres()
}

export async function teardown(): Promise<void> {
  await server?.stop()
}
