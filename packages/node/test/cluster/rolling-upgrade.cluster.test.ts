import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { endsOf, expectRunOnce, historyOf } from "./history.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";
import { rawTask } from "./raw-task.ts";

/** Makes a process one of a build that reads version 2 of the wire record as well. */
const NEWER_BUILD = [
  "--import",
  pathToFileURL(join(__dirname, "../processes/newer-build.mjs")).href,
];

const NEW = 12;

let bench: QueueBench;
beforeAll(async () => {
  bench = await QueueBench.open();
  await bench.horae("migrate");
}, START_MS);
afterAll(() => bench?.close());

test("records of a newer version are kept by an older build, and run after upgrade and replay", async () => {
  const older = bench.startNode("older");
  await older.ready();
  const scheduledTimeMs = Date.now();
  const of = (version: number, n: number) =>
    rawTask({ orderingId: `v${version}-${n}`, scheduledTimeMs, uniquenessKey: "u", version });
  const known = Array.from({ length: NEW }, (_, n) => of(1, n));
  const unknown = Array.from({ length: NEW }, (_, n) => of(2, n));
  await bench.produce([...unknown, ...known].map(({ record }) => record));
  await older.until("those of its version have ended", () => endsOf(older.attempts).length === NEW);
  await older.until(
    "the others are in quarantine",
    () => older.events("recordQuarantined").length === NEW,
  );

  const newer = bench.startNode("newer", { nodeArgs: NEWER_BUILD });
  await newer.until("it shares the work", () => newer.events("takeOverEnded").length >= 2);
  expect(await older.end("SIGTERM")).toBe(0);
  await newer.until("it has all of it", () => newer.events("takeOverEnded").length >= 4);
  expect(newer.attempts).toEqual([]);

  const [, first] = (await bench.horae("quarantine", "list")).split("\n");
  const position = /^\d+\/\d+/.exec(first!)![0];
  expect(await bench.horae("quarantine", "show", position)).toMatch(
    /reason +VERSION_UNSUPPORTED\n[^]*value +\{"version":2,/,
  );
  const replay = ["quarantine", "replay", "--reason", "VERSION_UNSUPPORTED"];
  expect(await bench.horae(...replay)).toBe(`replayed ${NEW}\n`);
  await newer.until("the replayed ones have ended", () => endsOf(newer.attempts).length === NEW);
  expect(await bench.horae(...replay)).toBe("replayed 0\n");
  expect(newer.events("recordQuarantined")).toEqual([]);
  const keys = [...known, ...unknown].map(({ key }) => key);
  expectRunOnce(historyOf([older, newer]), keys);
  expect(await newer.end("SIGTERM")).toBe(0);
});
