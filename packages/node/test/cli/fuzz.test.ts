import { SeededRandom } from "@horae/core";
import { FakeClock } from "@horae/testkit";
import fc from "fast-check";
import type { Io } from "../../src/cli/command.ts";
import { main } from "../../src/cli/main.ts";

const NOWHERE = "/nowhere/at/all";

function ioOf(): { io: Io; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    widthMax: 80,
    input: () => Promise.resolve(new Uint8Array()),
    environment: {},
    clock: new FakeClock(Date.UTC(2026, 0, 1)),
    random: new SeededRandom(1),
    untilSignal: () => Promise.resolve(),
  };
  return { io, out, err };
}

const COMMANDS = [
  ["schedule"],
  ["tasks"],
  ["tasks", "get"],
  ["tasks", "list"],
  ["stale"],
  ["migrate"],
  ["quarantine", "list"],
  ["quarantine", "show"],
  ["quarantine", "replay"],
  ["run"],
  ["completion"],
  [],
];
const FLAGS =
  "type,ordering-id,at,in,uniqueness-key,data,count,json,queue,status,from,to,limit,page-token,older-than,reason,help";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("1", "now", "10s", "2026-01-01T00:00:00Z", "{}", "-", "--", "a/b/c", "bash"),
);
const word = fc.oneof(
  fc.constantFrom(...FLAGS.split(",").map((name) => `--${name}`)),
  fc.tuple(fc.constantFrom(...FLAGS.split(",")), text).map(([name, value]) => `--${name}=${value}`),
  text,
);
const line = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.array(word, { maxLength: 8 }))
  .map(([command, words]) => [...command, ...words]);

test("whatever is typed ends with an exit code, and a failure says why in words", async () => {
  const property = fc.asyncProperty(line, async (words) => {
    // With no place to go nothing can be written, and no command may try.
    const needsPlace = words.some((one) => ["schedule", "tasks", "stale"].includes(one));
    const { io, out, err } = ioOf();
    const code = await main(needsPlace ? [...words, `--dir=${NOWHERE}`] : words, io);
    expect([0, 1, 2]).toContain(code);
    const said = err.join("");
    expect(said).not.toMatch(/\n\s+at /);
    if (code === 0) expect(out.join("")).not.toBe("");
    else expect(said).toMatch(/^horae: ./);
  });
  await fc.assert(property, { numRuns: 300 });
}, 60_000);
