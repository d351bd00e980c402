// Why something could not be written, in words that name the cause: a full disk, a quota, a limit of this account's
// processes, a right that is missing. It looks at a fault's code, or at what another program said of it.

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|SQLITE_FULL|no space left on device|database or disk is full/i, 'the disk is full'],
  [/EDQUOT|disk quota exceeded/i, 'the disk quota of this account is used up'],
  [
    /EFBIG|SIGXFSZ|file too large|file size limit exceeded/i,
    'this account may not write files of that size (ulimit -f)',
  ],
  [/EROFS|read-only file system/i, 'its disk is mounted read-only'],
  [/EACCES|EPERM|permission denied|operation not permitted/i, 'this account may not write there'],
  [/ENOTDIR|EEXIST|not a directory/i, 'a file stands where a folder should'],
]

/** Null where it was for another reason. */
export function whyNotWritten(error: unknown): string | null {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { message: `${error}` }
  const said = `${code ?? ''} ${message}`
  return CAUSES.find(([sign]) => sign.test(said))?.[1] ?? null
}
