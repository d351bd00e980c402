import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'

let folder: string
let script: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passphrase-'))
  script = join(folder, 'read.ts')
  const module = JSON.stringify(new URL('passphrase.ts', import.meta.url).href)
  writeFileSync(
    script,
    `import { readPassphrase } from ${module}
     try { process.stdout.write(String(readPassphrase())) } catch (error) { process.stdout.write(error.message) }`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

async function given(args: readonly string[], bytes: string): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const pipe = child.stdio[3] as Writable
  pipe.on('error', () => undefined)
  pipe.end(bytes)
  return text(child.stdout!)
}

test.each([
  [[], '', 'null'],
  [['--passphrase-fd', '3'], 'open sesame\n', 'open sesame'],
  [['--passphrase-fd', '3'], 'two\nlines', 'two\nlines'],
  [['--passphrase-fd', '3'], 'ends twice\n\n', 'ends twice\n'],
  [['--passphrase-fd', '3'], 'x'.repeat(1_024), 'x'.repeat(1_024)],
  [['--passphrase-fd', '3'], '', 'descriptor 3 gave an empty passphrase'],
  [['--passphrase-fd', '3'], 'x'.repeat(1_025), /more than 1024 bytes/],
  [['--passphrase-fd', '2'], '', '--passphrase-fd takes the number of an open descriptor, 3 or above'],
  [['--passphrase-fd', '3.5'], '', /the number of an open descriptor/],
  [['--passphrase-fd', '3'], '\n', 'descriptor 3 gave an empty passphrase'],
  [['--passphrase-fd', '3'], 'x'.repeat(2_000), /more than 1024 bytes/],
  [['--passphrase-fd', '97'], '', 'no passphrase could be read from descriptor 97: EBADF'],
  [['--passphrase-fd', 'one'], '', /the number of an open descriptor/],
])('%j with %j', async (args, bytes, said) => {
  expect(await given(args, bytes)).toEqual(said instanceof RegExp ? expect.stringMatching(said) : said)
})
