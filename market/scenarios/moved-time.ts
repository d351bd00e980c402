// Programs started from here see a clock that this moves: Debian's libfaketime, by a file that it reads at every
// look: programs that saw another day than their neighbours for a second would write it down. The steady clock, and with it every timer, goes on as it is.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface MovedTime {
  /** What the programs' clocks show now. */
  nowMs(): number
  /** Later only. */
  moveTo(ms: number): Promise<void>
  /** Programs started after this see the machine's own clock again. */
  end(): void
}

/** Above what a call that is under way takes. */
const LOOKS_WITHIN_MS = 250

function findLibrary(): string | undefined {
  const root = '/usr/lib'
  return fs
    .readdirSync(root)
    .map((folder) => path.join(root, folder, 'faketime', 'libfaketimeMT.so.1'))
    .find((file) => fs.existsSync(file))
}

/** Whether time can be moved here: libfaketime is installed. */
export function canMoveTime(): boolean {
  return findLibrary() !== undefined
}

/** Throws one sentence where libfaketime is not installed. */
export function moveTime(): MovedTime {
  const library = findLibrary()
  if (library === undefined) throw new Error('This story moves time: install libfaketime (Debian: faketime).')
  // Programs run under accounts of their own, which read it too.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moved-time-'))
  fs.chmodSync(folder, 0o755)
  const file = path.join(folder, 'clock')
  let offsetMs = 0
  const write = () => {
    fs.writeFileSync(`${file}.new`, `+${(offsetMs / 1000).toFixed(3)}\n`, { mode: 0o644 })
    fs.renameSync(`${file}.new`, file)
  }
  write()
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  Object.assign(process.env, env)
  return {
    nowMs: () => Date.now() + offsetMs,
    async moveTo(ms) {
      const ahead = ms - (Date.now() + offsetMs)
      if (ahead < 0) throw new RangeError('time goes forward')
      offsetMs += ahead
      write()
      await new Promise((seen) => setTimeout(seen, LOOKS_WITHIN_MS))
    },
    end() {
      for (const name of Object.keys(env)) delete process.env[name]
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}
