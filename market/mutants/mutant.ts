// A single bug, planted in one place.

export interface Mutant {
  /** Unique within a run. */
  readonly id: string
  readonly room: string
  readonly file: string
  readonly line: number
  readonly from: string
  readonly to: string
  /** `tool EqualityOperator`, `planted`, `sql CHECK` … */
  readonly how: string
  /** What the bug does, where a person planted it. */
  readonly why?: string
  /** Switched off by a comment in the code: never run, counted as lived. */
  readonly isSwitchedOff?: boolean
  /** How it is planted: by its switch in the instrumented file, or by another text of the file. */
  readonly plant: { readonly switch: string } | { readonly text: string }
}

export type Fate =
  | { readonly is: 'caught'; readonly by: string }
  | { readonly is: 'timedOut'; readonly by: string }
  /** Through all of these tests, or because none reaches it. */
  | { readonly is: 'lived'; readonly through: readonly string[]; readonly notRun: readonly string[] }
