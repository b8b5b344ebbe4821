import { createHash } from "node:crypto";

/** In hexadecimal digits. Tells whether somebody still has the bytes that were cut off here. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
