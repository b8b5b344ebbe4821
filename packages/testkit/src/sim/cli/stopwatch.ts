const began = process.hrtime.bigint();
// Kept from before a simulation forbids it.
const read = process.hrtime.bigint.bind(process.hrtime);

/** Real time since the command began, milliseconds. */
export function elapsedMs(): number {
  return Number(read() - began) / 1_000_000;
}
