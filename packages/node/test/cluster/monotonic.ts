const NS_PER_MS = 1e6;

/** The monotonic clock of the machine, milliseconds: one clock for all its processes. */
export function monotonicMs(): number {
  return msOf(Number(process.hrtime.bigint()));
}

/** The same clock in the lines of node processes, which are in nanoseconds. */
export function msOf(atNs: number): number {
  return atNs / NS_PER_MS;
}
