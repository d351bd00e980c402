import { expect, test } from 'vitest'
import { whyNotWritten } from './disk-trouble.ts'

const fault = (code: string) => Object.assign(new Error('it failed'), { code })

test.each([
  [fault('ENOSPC'), 'the disk is full'],
  ['could not extend file "base/1": No space left on device', 'the disk is full'],
  [Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR' }), 'the disk is full'],
  [fault('EDQUOT'), 'the disk quota of this account is used up'],
  ['Disk quota exceeded', 'the disk quota of this account is used up'],
  [fault('EFBIG'), 'this account may not write files of that size (ulimit -f)'],
  [
    'child process was terminated by signal 25: File size limit exceeded',
    'this account may not write files of that size (ulimit -f)',
  ],
  ['could not write: File too large', 'this account may not write files of that size (ulimit -f)'],
  ['SIGXFSZ', 'this account may not write files of that size (ulimit -f)'],
  [fault('EROFS'), 'its disk is mounted read-only'],
  ['Read-only file system', 'its disk is mounted read-only'],
  [fault('EACCES'), 'this account may not write there'],
  [fault('EPERM'), 'this account may not write there'],
  ['Permission denied', 'this account may not write there'],
  [fault('ENOTDIR'), 'a file stands where a folder should'],
  [fault('ENOENT'), null],
  ['the moon is full', null],
])('%s', (error, why) => {
  expect(whyNotWritten(error)).toBe(why)
})
