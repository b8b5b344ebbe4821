import { decodeRecord } from "@horae/core";
import type { WireVector } from "../../../core/test/wire-vectors.ts";
import { loadWireVectors, recordOf } from "../../../core/test/wire-vectors.ts";
import type { RawRecord } from "./queue-bench.ts";

export interface Poison {
  readonly record: RawRecord;
  /** Why a node refuses it. */
  readonly code: string;
}

/**
 * The bad records of docs/wire-vectors.json. Those that were too far ahead when the file was written
 * are left out where they are no longer.
 */
export function poisonOfEveryKind(nowMs: number): readonly Poison[] {
  return loadWireVectors()
    .vectors.filter((vector) => !vector.valid && !decodeRecord(recordOf(vector), { nowMs }).ok)
    .map((vector) => ({ record: rawRecordOf(vector), code: vector.code! }));
}

function rawRecordOf(vector: WireVector): RawRecord {
  const { key, value, headers } = recordOf(vector);
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: { ...headers },
  };
}
