import { readFileSync } from "node:fs";
import { decodeUtf8 } from "@horae/core";
import type { Io } from "./command.ts";
import { UsageError } from "./command.ts";

/** The data that `--data` means: JSON, `@file`, or `-` for the standard input. */
export async function readData(argument: string, io: Io): Promise<unknown> {
  const text = await textOf(argument, io);
  if (text === null) throw new UsageError("--data: what it names is not UTF-8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError("--data: not JSON (a text needs its quotes: --data '\"text\"')");
  }
}

async function textOf(argument: string, io: Io): Promise<string | null> {
  if (argument === "-") return decodeUtf8(await io.input());
  if (!argument.startsWith("@")) return argument;
  try {
    return decodeUtf8(readFileSync(argument.slice(1)));
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`);
  }
}
