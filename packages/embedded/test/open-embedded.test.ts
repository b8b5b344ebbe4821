import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { GroupView } from "@horae/core";
import {
  deadLetter,
  FakeClock,
  lease,
  rejection,
  succeededCells,
  taskKey,
  taskRequest,
} from "@horae/testkit";
import { type Embedded, type EmbeddedOptions, openEmbedded, readLock } from "../src/index.ts";
import { dataPath } from "../src/data-file.ts";
import { Environment } from "../src/environment.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const QUEUE = { name: "billing", partitions: 2, bucketMs: 60_000 };
const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 };

let dir: string;
const opened: Embedded[] = [];

beforeEach(() => {
  dir = temporaryDirectory();
});

afterEach(async () => {
  for (const embedded of opened.splice(0)) await embedded.close();
});

async function open(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await openEmbedded({ dir, queue: QUEUE, clock: new FakeClock(), ...options });
  opened.push(embedded);
  return embedded;
}

function append({ log }: Embedded, value: string): Promise<{ offset: number }> {
  const bytes = new TextEncoder();
  return log.append({
    partition: 0,
    key: bytes.encode("k"),
    value: bytes.encode(value),
    headers: {},
  });
}

describe("a directory", () => {
  it("is made, with what is missing above it", async () => {
    dir = join(dir, "a/b");
    const { queue } = await open();
    expect(queue).toEqual(QUEUE);
  });

  it("is shared by all who open it in one process, by whatever path", async () => {
    const first = await open();
    const link = join(temporaryDirectory(), "link");
    symlinkSync(dir, link);
    const second = await open({ dir: link });
    const reader = second.log.openReader({ partition: 0, fromOffset: 0 });
    const waiting = reader.read(LIMITS);
    await append(first, "hello");
    expect(await waiting).toMatchObject([{ offset: 0 }]);
    await first.close();
    await append(second, "again");
    expect((await second.log.bounds(0)).endOffset).toBe(2);
  });

  it("keeps everything over a close", async () => {
    const first = await open();
    await append(first, "kept");
    const key = taskKey();
    const at = { partition: 0, bucket: 3, timestamp: 5 };
    await first.store.persistTasks({ ...at, rows: [{ key, request: taskRequest() }] });
    await first.store.recordStatuses({ ...at, rows: [{ key, status: succeededCells() }] });
    await first.store.writeDeadLetter({ partition: 0, timestamp: 5, letter: deadLetter() });
    await first.close();
    const second = await open();
    const reader = second.log.openReader({ partition: 0, fromOffset: 0 });
    expect((await reader.read(LIMITS)).map(({ value }) => String(value))).toEqual(["kept"]);
    expect(await second.store.findTasks({ ...at, keys: [key] })).toEqual([
      { key, request: taskRequest(), status: succeededCells() },
    ]);
    const letters = { partition: 0, fromMs: 0, toMs: Infinity, rowsMax: 9 };
    expect(await second.store.loadDeadLetters(letters)).toEqual([deadLetter()]);
  });

  it("gives no offset twice, also when everything is applied", async () => {
    const first = await open();
    for (const value of ["a", "b", "c"]) await append(first, value);
    await first.log.markApplied({ partition: 0, offset: 2 });
    expect(await first.log.bounds(0)).toEqual({ startOffset: 2, endOffset: 3 });
    await first.close();
    const second = await open();
    await second.log.markApplied({ partition: 0, offset: 99 });
    expect(await append(second, "d")).toMatchObject({ offset: 3 });
  });

  it("holds one queue, whose settings stay", async () => {
    await (await open()).close();
    for (const other of [{ name: "mail" }, { partitions: 3 }, { bucketMs: 1 }]) {
      const error = await rejection(open({ queue: { ...QUEUE, ...other } }));
      expect(error.code).toBe("QUEUE_SETTINGS_MISMATCH");
      expect(error.message).toContain(
        "the queue billing with 2 partitions and buckets of 60000 ms",
      );
      expect(error.message).toContain(String(Object.values(other)[0]));
    }
    await open();
    const error = await rejection(open({ queue: { ...QUEUE, partitions: 3 } }));
    expect(error.code).toBe("QUEUE_SETTINGS_MISMATCH");
  });

  it("says its settings to who knows the queue's name alone", async () => {
    const error = await rejection(open({ queue: { name: "billing" } }));
    expect(error.code).toBe("QUEUE_UNKNOWN");
    await (await open()).close();
    expect((await open({ queue: { name: "billing" } })).queue).toEqual(QUEUE);
    expect((await rejection(open({ queue: { name: "mail" } }))).code).toBe(
      "QUEUE_SETTINGS_MISMATCH",
    );
  });

  it("is not made with a queue that cannot be", async () => {
    for (const other of [{ partitions: 0 }, { partitions: 70_000 }, { bucketMs: 0.5 }]) {
      const error = await rejection(open({ queue: { ...QUEUE, ...other } }));
      expect(error.code).toBe("SETTINGS_INVALID");
    }
    await open();
  });

  it("of a later version is refused", async () => {
    await (await open()).close();
    const environment = new Environment({ dir, path: dataPath(dir) });
    environment.writeSync(({ settings }) => settings.put(Buffer.from("format"), [99]));
    await environment.close();
    const error = await rejection(open());
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", retryable: false });
    expect(error.message).toContain("a later version");
  });

  it("can be opened, closed and opened again at the same time", async () => {
    const rounds = Array.from({ length: 10 }, async () => {
      const embedded = await openEmbedded({ dir, queue: QUEUE, clock: new FakeClock() });
      await append(embedded, "x");
      await Promise.all([embedded.close(), embedded.close()]);
    });
    await Promise.all(rounds);
    expect((await (await open()).log.bounds(0)).endOffset).toBe(10);
  });

  it("that is no directory is refused", async () => {
    const error = await rejection(open({ dir: "/dev/null/x" }));
    expect(error).toMatchObject({ name: "HoraeError", code: "STORE_UNAVAILABLE" });
  });
});

describe("leases", () => {
  it("of a process that is gone are given back, with epoch, bound and checkpoint", async () => {
    const first = await open();
    const held = lease({ epoch: 4, renewal: 9, ownerUrl: "http://x", wantedBy: "n", tsUpper: 77 });
    await first.leases.compareAndSet({ partition: 1, expected: null, lease: held });
    const free = lease({ owner: null });
    await first.leases.compareAndSet({ partition: 0, expected: null, lease: free });
    const second = await open();
    expect(await second.leases.read(1)).toEqual(held);
    await first.close();
    await second.close();
    const third = await open();
    const released = { ...held, renewal: 10, owner: null, ownerUrl: null, wantedBy: null };
    expect(await third.leases.read(1)).toEqual(released);
    expect(await third.leases.read(0)).toEqual(free);
  });
});

describe("the lock file", () => {
  it("names this process and the URL it is given, while the directory is open", async () => {
    expect(readLock(dir)).toBeNull();
    const embedded = await open();
    expect(readLock(dir)).toEqual({ pid: process.pid, url: null });
    embedded.setUrl("http://127.0.0.1:7000");
    expect(readLock(dir)).toEqual({ pid: process.pid, url: "http://127.0.0.1:7000" });
    await embedded.close();
    expect(readLock(dir)).toBeNull();
  });
});

describe("closing", () => {
  it("ends the readers and memberships of the one who closes, and nobody else's", async () => {
    const [first, second] = [await open(), await open()];
    const views: GroupView[][] = [[], []];
    await first.log.join((view) => views[0]!.push(view));
    await second.log.join((view) => views[1]!.push(view));
    const read = first.log.openReader({ partition: 0, fromOffset: 0 }).read(LIMITS);
    const others = second.log.openReader({ partition: 0, fromOffset: 0 }).read(LIMITS);
    await first.close();
    expect(await read).toEqual([]);
    expect(views[1]!.at(-1)).toMatchObject({ partitions: [0, 1], state: "settled" });
    await append(second, "still open");
    expect(await others).toHaveLength(1);
  });

  it("lets what has been asked for end well, and refuses the rest", async () => {
    const embedded = await open();
    const appended = append(embedded, "last");
    await embedded.close();
    expect(await appended).toMatchObject({ offset: 0 });
    const { log, store, leases } = embedded;
    const refused = [
      [append(embedded, "late"), "LOG_UNAVAILABLE"],
      [log.bounds(0), "LOG_UNAVAILABLE"],
      [log.join(() => undefined), "LOG_UNAVAILABLE"],
      [store.findSummary({ partition: 0, bucket: 0 }), "STORE_UNAVAILABLE"],
      [store.deleteSummary({ partition: 0, bucket: 0, timestamp: 1 }), "STORE_UNAVAILABLE"],
      [leases.read(0), "STORE_UNAVAILABLE"],
    ] as const;
    for (const [call, code] of refused) {
      expect(await rejection(call)).toMatchObject({ code, certain: true, retryable: false });
    }
  });
});
