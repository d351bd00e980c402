// Single bugs of the subtle kind, thought out by people: what a tool does not think of. Each meets the tests like any
// other (`npm run mutants -- --planted`). A text that its file no longer has fails a test: then the bug is moved to
// where the code went, not dropped.

export interface PlantedBug {
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** What happens then. */
  readonly why: string
}
