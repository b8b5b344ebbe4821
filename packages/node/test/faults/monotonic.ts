const NS_PER_MS = 1e6;

/** The monotonic clock of the machine, milliseconds: one clock for all its processes. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}
