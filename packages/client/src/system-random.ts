import { randomFillSync } from "node:crypto";
import type { Random } from "@horae/core";

const TOKEN_BYTES = 16;

/** Asking the operating system for many bytes at once makes a token cost a tenth. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random numbers and tokens from the operating system's generator. */
export const systemRandom: Random = {
  next: () => {
    const from = take(8);
    // 53 bits: as many as a double holds.
    const high = pool.readUInt32LE(from) >>> 5;
    const low = pool.readUInt32LE(from + 4) >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  },
  token: () => {
    const from = take(TOKEN_BYTES);
    return pool.toString("base64url", from, from + TOKEN_BYTES);
  },
};

function take(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const from = used;
  used += bytes;
  return from;
}
