import { assert } from "./errors.ts";
import { encodeUtf8 } from "./utf8.ts";

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/**
 * The partition of an ordering id, 0 to `partitions` - 1: the same that Kafka's Java client
 * chooses for a record with this key, so that a producer in any language can hit it.
 */
export function partitionOf(orderingId: string, partitions: number): number {
  return partitionOfBytes(encodeUtf8(orderingId), partitions);
}

/** As `partitionOf`, for the bytes of a message key. */
export function partitionOfBytes(key: Uint8Array, partitions: number): number {
  assert(Number.isInteger(partitions) && partitions > 0, "a queue has at least one partition");
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * MurmurHash2 of 32 bits, as a signed integer. After Kafka's
 * `org.apache.kafka.common.utils.Utils.murmur2`, which is Austin Appleby's with a fixed seed.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const tail = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < tail; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    word = Math.imul(word, MIX);
    word ^= word >>> 24;
    word = Math.imul(word, MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  if (length > tail) {
    for (let i = length - 1; i >= tail; i--) hash ^= bytes[i]! << ((i - tail) * 8);
    hash = Math.imul(hash, MIX);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return hash ^ (hash >>> 15);
}
