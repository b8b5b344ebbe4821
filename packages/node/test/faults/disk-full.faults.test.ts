import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@horae/client";
import { parseTaskKey, sleep, taskKeyToken } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import { checkHistory, finalTaskOf } from "@horae/testkit/checker";
import { HttpAccess } from "../../src/cli/http-access.ts";
import { lineOf } from "../cluster/checked-history.ts";
import { endsOf } from "../cluster/history.ts";
import { monotonicMs } from "../cluster/monotonic.ts";
import { NodeProcess } from "../cluster/node-process.ts";
import { faultRow } from "./fault-row.ts";
import { Load } from "./load.ts";
import { rowsOf } from "./rows-of.ts";

const ROW_MS = 120_000;
const QUEUE = { name: "full", partitions: 4, bucketMs: 20_000 };
const DISK_BYTES = 32 * 2 ** 20;
const SHAPE = { tasks: 2_200, ids: 120, overMs: 16_000, aheadMaxMs: 4_000, maxAttempts: 50 };
const FULL_AFTER_MS = 5_000;
const FULL_MS = 4_000;

let dir = "";
const disk = (): string => join(dir, "disk");
let node: NodeProcess | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "horae-full-"));
  mkdirSync(disk());
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk()]);
});

afterEach(async () => {
  await node?.end("SIGKILL");
  execFileSync("umount", ["-l", disk()]);
  rmSync(dir, { recursive: true });
});

/** Writes until nothing more fits, as somebody else on the same disk may. */
function fill(): void {
  for (const bytes of [2 ** 20, 4_096, 1]) {
    for (let n = 0; ; n++) {
      try {
        writeFileSync(join(disk(), `filler-${bytes}-${n}`), Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        break;
      }
    }
  }
}

function free(): void {
  execFileSync("sh", ["-c", `rm -f '${disk()}'/filler-*`]);
}

async function readiness(url: string): Promise<{ status: number; disk: string | null }> {
  const answer = await fetch(`${url}/readyz`);
  const { checks } = (await answer.json()) as { checks: { disk: string | null } };
  return { status: answer.status, disk: checks.disk };
}

faultRow(
  { id: 22, name: "disk full under the embedded directory", timeoutMs: ROW_MS },
  async () => {
    const data = join(disk(), "data");
    const config = join(dir, "config.json");
    writeFileSync(
      config,
      JSON.stringify({ queue: QUEUE, embedded: { dir: data }, http: { port: 0 } }),
    );
    node = new NodeProcess({ name: "a", config });
    const url = (await node.ready()).url!;
    const access = new HttpAccess({ url, queue: QUEUE.name, token: null, clock: systemClock });
    const refusals: string[] = [];
    const load = new Load(
      {
        scheduleTasks: async (tasks) => {
          const outcomes = await access.scheduleMany(tasks);
          refusals.push(...outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.code])));
          return outcomes;
        },
      },
      SHAPE,
    );
    const running = load.run();
    await sleep(systemClock, FULL_AFTER_MS);
    const began = { line: "faultBegan", fault: 1, name: "disk full", nodes: null } as const;
    const faults = [{ ...began, atMs: monotonicMs() }];
    fill();
    await sleep(systemClock, FULL_MS);
    const full = await readiness(url);
    free();
    const ended = { ...began, line: "faultEnded", atMs: monotonicMs() } as const;
    await running;
    const { acked } = load;
    await node.until("all that was acked has ended", () => {
      const over = new Set(endsOf(node!.attempts).map(({ key }) => key));
      return [...acked].every((key) => over.has(key));
    });
    const after = await readiness(url);
    expect(await node.end("SIGTERM")).toBe(0);

    // Either what the system says, or what a write that was cut short shows.
    const reason = /: (the disk is full|No space left on device)/;
    expect(full).toEqual({ status: 503, disk: expect.stringMatching(reason) });
    expect(full.disk).toContain(data);
    expect(after).toEqual({ status: 200, disk: null });
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals)).toEqual(new Set(["LOG_UNAVAILABLE"]));
    const opened = await openEmbedded({ dir: data, queue: QUEUE, clock: systemClock });
    const keys = [...acked].map(parseTaskKey);
    const rows = await rowsOf(opened.store, QUEUE, keys);
    await opened.close();
    const lines = [...load.lines, ...faults, ended, ...node.attempts.map(lineOf)];
    const history = {
      lines: lines.toSorted((a, b) => a.atMs - b.atMs),
      final: rows.map(finalTaskOf),
      isDrained: true,
    };
    const { violations, counts } = checkHistory(history, { graceMs: 20_000, zombieMs: 20_000 });
    expect(violations).toEqual([]);
    expect(new Set(rows.map(({ key }) => taskKeyToken(key))).size).toBe(acked.size);
    return {
      evidence: `${refusals.length} appends refused with LOG_UNAVAILABLE, readiness named the disk`,
      figures: { refused: refusals.length, acked: counts.acked },
    };
  },
);
