import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lowerBoundKey } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import type { ConnectSettings } from "../src/index.ts";
import { createClient, systemClock } from "../src/index.ts";
import { rejection, task } from "./setup.ts";

const QUEUE = { name: "billing", partitions: 4, bucketMs: 60_000 };

describe("a client on a directory", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "horae-client-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("makes what it acknowledges durable", async () => {
    const client = await createClient({ queue: QUEUE, embedded: { dir } });
    const { partition, offset } = await client.scheduleTask(task());
    await client.close();
    const { log, close } = await openEmbedded({ dir, queue: QUEUE, clock: systemClock });
    expect(await log.fingerprint({ partition, offset })).not.toBeNull();
    await close();
  });

  it("shares the directory with what this process has open", async () => {
    const opened = await openEmbedded({ dir, queue: QUEUE, clock: systemClock });
    const client = await createClient({ queue: { name: "billing" }, embedded: { dir } });
    await client.scheduleTask(task());
    await client.close();
    const read = { partition: 0, bucket: 0, from: lowerBoundKey(0), to: null, rowsMax: 1 };
    expect(await opened.store.loadTasks(read)).toEqual([]);
    await opened.close();
  });

  it("says which process has the directory open", async () => {
    const holder = join(__dirname, "processes", "holder.mjs");
    const child = spawn(process.execPath, [holder, dir], { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    expect(await rejection(createClient({ queue: QUEUE, embedded: { dir } }))).toMatchObject({
      code: "DIRECTORY_IN_USE",
      details: { pid: child.pid, url: "http://127.0.0.1:9" },
    });
    child.stdin.end();
    await once(child, "exit");
    const client = await createClient({ queue: QUEUE, embedded: { dir } });
    await client.close();
  });

  it.each<[ConnectSettings, string]>([
    [{}, "SETTINGS_INVALID"],
    [{ embedded: { dir: "" } }, "SETTINGS_INVALID"],
    [{ kafka: { brokers: ["localhost"] } }, "SETTINGS_INVALID"],
    [{ kafka: { brokers: "localhost:9092" as never } }, "SETTINGS_INVALID"],
    [{ kafka: { brokers: ["localhost:9092"], topics: "t" } as never }, "SETTINGS_INVALID"],
    [{ embedded: { dir: "d" }, kafka: { brokers: ["localhost:9092"] } }, "SETTINGS_INVALID"],
    [{ embeded: { dir: "x" } } as ConnectSettings, "SETTINGS_INVALID"],
    [{ queue: { name: "no spaces" }, embedded: { dir: "x" } }, "SETTINGS_INVALID"],
  ])("refuses the settings %p", async (settings, code) => {
    expect(await rejection(createClient(settings))).toMatchObject({ code });
  });

  it("leaves the directory free when its limits are refused", async () => {
    const settings = { queue: QUEUE, embedded: { dir }, inFlightTasksMax: 0 };
    expect(await rejection(createClient(settings))).toMatchObject({ code: "SETTINGS_INVALID" });
    const other = { ...QUEUE, name: "other" };
    const error = await rejection(createClient({ queue: other, embedded: { dir } }));
    expect(error.code).toBe("QUEUE_SETTINGS_MISMATCH");
  });

  it("does not invent a queue", async () => {
    const error = await rejection(createClient({ queue: { name: "billing" }, embedded: { dir } }));
    expect(error.code).toBe("QUEUE_UNKNOWN");
  });
});
