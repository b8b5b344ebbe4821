import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rejection } from "@horae/testkit";
import { QueueProcess, type Refusal } from "./processes/queue-process.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const REFUSAL = { name: "HoraeError", certain: true, retryable: true };
const LOG_REFUSAL = { code: "LOG_UNAVAILABLE", ...REFUSAL };
/** Rows and bytes of a write that is one commit: a megabyte. */
const ONE_COMMIT = [250, 4_000];
/** Of one that is several. */
const SEVERAL_COMMITS = [1_000, 2_000];

const STORE_REFUSAL = { code: "STORE_UNAVAILABLE", ...REFUSAL };

jest.setTimeout(60_000);

/** A file system of 8 MiB, which a test can fill and empty. Mounting it takes root. */
class SmallDisk {
  readonly path = temporaryDirectory();
  readonly #ballast = join(this.path, "ballast");

  mount(): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", this.path]);
  }

  unmount(): void {
    execFileSync("umount", [this.path]);
  }

  /** Leaves so many bytes free. */
  fill(freeBytes: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    writeFileSync(this.#ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }
}

let disk: SmallDisk;
let queue: QueueProcess;
let dir: string;

beforeEach(() => {
  disk = new SmallDisk();
  disk.mount();
  dir = join(disk.path, "queue");
  queue = new QueueProcess();
});

afterEach(async () => {
  // Neither killed by a signal nor ended by a rejection that nobody has handled.
  const exitCode = await queue.end();
  disk.unmount();
  expect(exitCode).toBe(0);
});

describe("a full disk", () => {
  it("refuses appends and writes, is read all the same, and takes them when there is room", async () => {
    await queue.ask("open", dir);
    disk.fill(3 * 2 ** 20);
    type Outcome = { appended: number; error: Refusal };
    const { appended, error } = await queue.ask<Outcome>("appendUntilRefused", 0);
    expect(error).toMatchObject(LOG_REFUSAL);
    expect(appended).toBeGreaterThan(100);
    expect(await rejection(queue.ask("persist", ...ONE_COMMIT))).toMatchObject(STORE_REFUSAL);
    expect(await queue.ask("endOffset")).toBe(appended);
    expect(await queue.ask("readWhole", appended)).toBe(appended);

    disk.empty();
    for (let number = appended; number < appended + 20; number++) {
      expect(await queue.ask("append", number)).toBe(number);
    }
    await queue.ask("persist", ...ONE_COMMIT);
    expect(await queue.ask("persisted")).toBe(ONE_COMMIT[0]);
    expect(await queue.ask("readWhole", appended + 20)).toBe(appended + 20);
    await queue.ask("close");
  });

  it("refuses many calls at a time, each once, and goes on with the next", async () => {
    await queue.ask("open", dir);
    disk.fill(2 * 2 ** 20);
    await queue.ask("appendUntilRefused", 0);
    for (let round = 0; round < 5; round++) {
      const endOffset = await queue.ask<number>("endOffset");
      const taken = await queue.ask<number>("appendMany", 200, endOffset);
      expect(taken).toBeLessThan(200);
      expect(await queue.ask("endOffset")).toBe(endOffset + taken);
      expect(await rejection(queue.ask("persist", ...ONE_COMMIT))).toMatchObject(STORE_REFUSAL);
    }
    disk.empty();
    const endOffset = await queue.ask<number>("endOffset");
    expect(await queue.ask("appendMany", 200, endOffset)).toBe(200);
    await queue.ask("close");
  });

  it("refuses a commit that is cut short as it refuses any other", async () => {
    await queue.ask("open", dir);
    for (let freeBytes = 4_096; freeBytes < 120_000; freeBytes += 20_480) {
      disk.fill(freeBytes);
      expect(await rejection(queue.ask("persist", ...ONE_COMMIT))).toMatchObject(STORE_REFUSAL);
      disk.empty();
    }
    await queue.ask("persist", ...ONE_COMMIT);
    expect(await queue.ask("persisted")).toBe(ONE_COMMIT[0]);
    await queue.ask("close");
  });

  it("leaves open what was written when it takes a part of a write", async () => {
    await queue.ask("open", dir);
    disk.fill(2 * 2 ** 20);
    const error = await rejection(queue.ask("persist", ...SEVERAL_COMMITS));
    expect(error).toMatchObject({ code: "STORE_UNKNOWN", certain: false, retryable: true });
    const persisted = await queue.ask<number>("persisted");
    expect(persisted).toBeGreaterThan(0);
    expect(persisted).toBeLessThan(1_000);
    disk.empty();
    await queue.ask("persist", ...SEVERAL_COMMITS);
    expect(await queue.ask("persisted")).toBe(1_000);
    await queue.ask("close");
  });

  it("lets a directory be closed, and opened again later", async () => {
    await queue.ask("open", dir);
    await queue.ask("append", 0);
    disk.fill(0);
    await queue.ask("close");
    disk.empty();
    await queue.ask("open", dir);
    expect(await queue.ask("readWhole", 1)).toBe(1);
    await queue.ask("close");
  });

  it("refuses to open a new directory", async () => {
    mkdirSync(dir);
    disk.fill(0);
    expect(await rejection(queue.ask("open", dir))).toMatchObject(STORE_REFUSAL);
    disk.empty();
    await queue.ask("open", dir);
    await queue.ask("close");
  });
});
