import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord, TaskProblemCode } from "../src/index.ts";

/** Text in parts, so that the file needs no long lines. */
type Text = string | readonly (string | { readonly repeat: readonly [string, number] })[];

type Bytes = Text | { readonly base64: string } | null;

/** One entry of docs/wire-vectors.json; its own `about` says what the fields mean. */
export interface WireVector {
  readonly name: string;
  readonly key: Bytes;
  readonly value: Bytes;
  readonly headers?: Readonly<Record<string, Text>>;
  readonly valid: boolean;
  readonly code?: TaskProblemCode;
  readonly taskKey?: string;
  readonly schemaCatches: boolean;
  readonly clientCode?: TaskProblemCode;
  readonly wireOnly?: boolean;
  readonly why: string;
}

export interface WireVectors {
  readonly nowMs: number;
  readonly vectors: readonly WireVector[];
}

export function loadWireVectors(): WireVectors {
  const file = join(import.meta.dirname, "../../../docs/wire-vectors.json");
  return JSON.parse(readFileSync(file, "utf8")) as WireVectors;
}

export function recordOf(vector: WireVector): LogRecord {
  return {
    partition: 3,
    offset: 17,
    key: bytesOf(vector.key),
    value: bytesOf(vector.value),
    headers: headersOf(vector),
    timestampMs: 1_767_225_600_000,
  };
}

export function headersOf(vector: WireVector): Record<string, string> {
  const entries = Object.entries(vector.headers ?? {});
  return Object.fromEntries(entries.map(([name, text]) => [name, textOf(text)]));
}

function bytesOf(bytes: Bytes): Uint8Array | null {
  if (bytes === null) return null;
  if (typeof bytes === "object" && "base64" in bytes) return Buffer.from(bytes.base64, "base64");
  return Buffer.from(textOf(bytes));
}

function textOf(text: Text): string {
  if (typeof text === "string") return text;
  return text
    .map((part) => (typeof part === "string" ? part : part.repeat[0].repeat(part.repeat[1])))
    .join("");
}
