import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rejection } from "@horae/testkit";
import { type Embedded, openEmbedded, readLock } from "../src/index.ts";
import { Child, killChildren } from "./processes/child-process.ts";
import { realClock } from "./real-clock.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const QUEUE = { name: "killed", partitions: 3, bucketMs: 60_000 };

jest.setTimeout(60_000);

let dir: string;
const opened: Embedded[] = [];

beforeEach(() => {
  dir = temporaryDirectory();
});

afterEach(async () => {
  await killChildren();
  for (const embedded of opened.splice(0)) await embedded.close();
});

async function open(): Promise<Embedded> {
  const embedded = await openEmbedded({ dir, queue: QUEUE, clock: realClock });
  opened.push(embedded);
  return embedded;
}

describe("a directory that another process has open", () => {
  it("is refused, with pid and URL", async () => {
    const child = new Child("hold", dir);
    await child.said(1);
    expect(readLock(dir)).toEqual({ pid: child.pid, url: "http://127.0.0.1:7001" });
    const error = await rejection(open());
    expect(error).toMatchObject({
      code: "DIRECTORY_IN_USE",
      certain: true,
      details: { pid: child.pid, url: "http://127.0.0.1:7001" },
    });
    expect(error.message).toContain(`process ${child.pid} (http://127.0.0.1:7001)`);
  });

  it("is refused without its lock file too, and stays whole", async () => {
    const child = new Child("hold", dir);
    await child.said(1);
    writeFileSync(join(dir, "horae.lock"), "");
    expect(readLock(dir)).toBeNull();
    const error = await rejection(open());
    expect(error).toMatchObject({ code: "DIRECTORY_IN_USE", details: { pid: child.pid } });
  });

  it("is free as soon as that process is killed", async () => {
    const child = new Child("hold", dir);
    await child.said(1);
    await child.kill();
    expect(readLock(dir)).toBeNull();
    await open();
    expect(readLock(dir)).toEqual({ pid: process.pid, url: null });
  });

  it("is refused to that process when this one has taken it", async () => {
    await open();
    const child = new Child("race", dir);
    await child.said(1);
    expect(child.lines).toEqual(["refused DIRECTORY_IN_USE"]);
  });
});

describe("a lock", () => {
  it("of another process with the pid of this one is replaced", async () => {
    await (await open()).close();
    const stale = { pid: process.pid, startedAt: "another boot/1", url: "http://gone" };
    writeFileSync(join(dir, "horae.lock"), JSON.stringify(stale));
    expect(readLock(dir)).toBeNull();
    await open();
    expect(JSON.parse(readFileSync(join(dir, "horae.lock"), "utf8"))).toMatchObject({ url: null });
  });
});

describe("processes that start at once", () => {
  it.each([
    ["a new directory", false],
    ["one whose process was killed", true],
  ])("open %s one at a time", async (_what, isStale) => {
    for (let round = 0; round < 3; round++) {
      dir = temporaryDirectory();
      if (isStale) {
        const killed = new Child("hold", dir);
        await killed.said(1);
        await killed.kill();
      }
      // Far enough ahead that all have been loaded by then.
      const startAtMs = Date.now() + 1_000;
      const children = Array.from({ length: 5 }, () => new Child("race", dir, startAtMs));
      await Promise.all(children.map((child) => child.said(1)));
      const said = children.map(({ lines }) => lines[0]!).toSorted((a, b) => (a < b ? -1 : 1));
      expect(said).toEqual([
        "open",
        ...Array.from({ length: 4 }, () => "refused DIRECTORY_IN_USE"),
      ]);
      await killChildren();
    }
  });
});
