import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../../src/cli/command.ts";
import { readData } from "../../src/cli/data-argument.ts";
import { parseDuration } from "../../src/cli/duration.ts";

describe("--in", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "10", "-1s", "1 s", "1w", "1e3s", "s", "1.s", "99999999999999999s"])(
    "%p is no duration",
    (text) => expect(parseDuration(text)).toBeNull(),
  );
});

describe("--data", () => {
  const io = { input: () => Promise.resolve(Buffer.from('{"in":1}')) } as unknown as Io;

  it("is JSON, a file, or the standard input", async () => {
    const dir = mkdtempSync(join(tmpdir(), "horae-data-"));
    const file = join(dir, "data.json");
    writeFileSync(file, "[1]");
    expect(await readData('{"a":1}', io)).toEqual({ a: 1 });
    expect(await readData(`@${file}`, io)).toEqual([1]);
    expect(await readData("-", io)).toEqual({ in: 1 });
    rmSync(dir, { recursive: true });
  });

  it.each(["text", "{", "@/no/such/file", ""])("refuses %p", async (argument) => {
    await expect(readData(argument, io)).rejects.toMatchObject({ name: "UsageError" });
  });
});
