// What a keeper is started with, and how it ends where another one keeps the same folder.

export interface KeeperTask {
  readonly postgres: string
  readonly args: readonly string[]
  /** Its lock is held as long as the server may run. */
  readonly folder: string
  readonly dataDir: string
  readonly logFile: string
  readonly runAs?: { readonly uid: number; readonly gid: number }
}

/** The exit of a keeper that found the folder locked. */
export const IN_USE = 75
