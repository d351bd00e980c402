// For tests only: a program that has mounts of its own, where this machine lets us mount. They end with the program.

import { spawnSync } from 'node:child_process'

/** Root, and not in a container that forbids it. */
export const mayMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' }).status === 0

/** The command that runs `program` after these lines of shell, each of which must succeed. */
export function withMounts(lines: readonly string[], program: readonly string[]): string[] {
  return ['unshare', '-m', 'sh', '-c', `${lines.join(' && ')} && exec "$@"`, 'sh', ...program]
}
