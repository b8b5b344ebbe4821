import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@horae/client";
import { sleep } from "@horae/core";
import { Child } from "./child.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(30_000);

/** Of the process under test. */
const BLOCKED_MS = 1_000;

describe("the watchdog", () => {
  const dir = useTemporaryDirectory();
  const begin = (...types: string[]): Child =>
    new Child([join(__dirname, "processes", "blocked.mjs"), dir.path, ...types]);

  it("ends a process whose event loop is blocked, and names the tasks that run", async () => {
    const child = begin("waits", "blocks");
    const { err } = await child.end();
    expect(child.signal).toBe("SIGKILL");
    const last = JSON.parse(err.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
    expect(last).toMatchObject({
      level: 60,
      queue: "blocked",
      runningTasks: 2,
      msg: "the event loop is blocked: the process is ended",
    });
    expect(last["blockedMs"]).toBeGreaterThanOrEqual(BLOCKED_MS);
    expect((last["running"] as string[]).toSorted()).toEqual([
      "1970-01-01T00:00:00.000Z/blocks/u",
      "1970-01-01T00:00:00.000Z/waits/u",
    ]);
  });

  it("lets a process be that was stopped for longer", async () => {
    const child = begin("waits");
    await child.until(/waits/);
    child.kill("SIGSTOP");
    // That time passes while it is stopped is what this is about.
    await sleep(systemClock, 3 * BLOCKED_MS);
    expect(readFileSync(`/proc/${child.pid}/stat`, "utf8")).toMatch(/\) T /);
    child.kill("SIGCONT");
    child.input("last\n");
    const { code, out } = await child.end();
    expect({ code, out }).toEqual({ code: 0, out: "waits\nended by itself\n" });
  });
});
