// Memory that a process gives back is overwritten: OpenSSL, zlib and the sockets' own buffers free what they held
// of a code without wiping it, and no program can reach it there.

/**
 * Environment of a process that handles open codes. The C library overwrites what is freed (glibc's tunables
 * `malloc.perturb`; without its per-thread cache, which is exempt from that). Other C libraries ignore it; what
 * remains there is stated in docs/divergences.md.
 */
export function wipedMemory(environment: Readonly<Record<string, string | undefined>>): {
  GLIBC_TUNABLES: string
} {
  const set = environment.GLIBC_TUNABLES
  const ours = 'glibc.malloc.perturb=165:glibc.malloc.tcache_count=0'
  return { GLIBC_TUNABLES: set ? `${set}:${ours}` : ours }
}
