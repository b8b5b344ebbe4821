import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@horae/client";
import type { TaskKey, TaskRow } from "@horae/core";
import { bucketOf, compareTaskKeys, formatTaskKey, parseTaskKey, SeededRandom } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import { Child } from "../child.ts";
import { useTemporaryDirectory } from "../temporary-directory.ts";
import { faultRow } from "./fault-row.ts";
import { rowsOf } from "./rows-of.ts";

const ROW_MS = 120_000;

const SEED = 20_261_125;
const KILLS = 8;
const IDS = 100;
const TASKS_PER_ID = 50;
const CONCURRENCY = 32;
const MAX_ATTEMPTS = 50;
const QUEUE = { name: "killed", partitions: 4, bucketMs: 20_000 };

/** Half of the tasks that a life gets fell due before: each gives four lines, the others two. */
const TASKS_PER_LIFE = 600;
const LINES_MIN = 150;
const LINES_MAX = 1_100;
const OVERDUE_MS = 60_000;
const AHEAD_MS = 10_000;

interface Plan {
  readonly key: string;
  readonly orderingId: string;
  readonly scheduledTime: number;
  readonly uniquenessKey: string;
  readonly data: {
    readonly workMs: number;
    readonly failsFirst: boolean;
    readonly isLast: boolean;
  };
  readonly options: object;
}

interface Line {
  readonly event: "offer" | "ack" | "start" | "end" | "retry" | "killed";
  readonly key: string;
  readonly attempt: number;
  readonly fence: number;
  readonly time: number;
  /** Which life of the process wrote it, from 0. */
  readonly life: number;
  /** Where it stands in the file. */
  readonly at: number;
}

describe("a node that is killed in a loop", () => {
  const dir = useTemporaryDirectory();
  const logFile = () => join(dir.path, "log.jsonl");
  let child: Child | null = null;
  afterEach(async () => {
    child?.kill("SIGKILL");
    await child?.end();
  });

  function begin(scheduleTo: number, enough: number): Child {
    const script = join(__dirname, "../processes/kill-loop.mjs");
    child = new Child([script, dir.path, String(scheduleTo), String(enough)]);
    return child;
  }

  faultRow({ id: 21, name: "embedded node kill -9 in a loop", timeoutMs: ROW_MS }, async () => {
    const random = new SeededRandom(SEED);
    const tasks = plan(random, Date.now());
    const config = { queue: QUEUE, concurrency: CONCURRENCY, tasks };
    writeFileSync(join(dir.path, "plan.json"), JSON.stringify(config));
    writeFileSync(logFile(), "");

    for (let kill = 1; kill <= KILLS; kill++) {
      const enough = LINES_MIN + Math.floor(random.next() * (LINES_MAX - LINES_MIN));
      const life = begin(kill * TASKS_PER_LIFE, enough);
      await life.until(/enough/);
      life.kill("SIGKILL");
      await life.end();
      appendFileSync(logFile(), '{"event":"killed"}\n');
      // Every other time the next life finds the directory as the kill left it.
      if (kill % 2 === 0) await expectClaimsOf(kill - 1);
    }
    const { code, out, err } = await begin(tasks.length, 0).end();
    expect({ code, out, err }).toEqual({ code: 0, out: "stopped\n", err: "" });

    const lines = readLog();
    const starts = lines.filter(({ event }) => event === "start");
    const rows = await readRows(tasks);
    expectAllDone(tasks, lines, rows);
    for (const { key, time } of starts) expect(time).toBeGreaterThanOrEqual(timeOf(key));
    for (const [key, own] of groupBy(starts, ({ key }) => key)) {
      expectGrowing(own.map(({ attempt }) => attempt));
      expect(rows.get(key)!.status!.attempts).toBeGreaterThanOrEqual(own.at(-1)!.attempt);
    }
    const ofTasks = lines.filter(({ event }) => event !== "killed");
    const keyOf = new Map(tasks.map(({ key }) => [key, parseTaskKey(key)]));
    for (const ofId of groupBy(ofTasks, ({ key }) => keyOf.get(key)!.orderingId).values()) {
      expectGrowing(ofId.filter(({ event }) => event === "start").map(({ fence }) => fence));
      expectOneAtATime(ofId);
      expectKeyOrder(ofId, keyOf);
    }
    expectOnlyInFlightAgain(lines);
    const startedAgain =
      lines.filter(({ event }) => event === "start").length - endsOf(lines).length;
    expect(startedAgain).toBeGreaterThan(0);
    return {
      evidence: `${KILLS} lives killed, ${startedAgain} attempts cut off`,
      figures: { kills: KILLS, startedAgain, tasks: tasks.length },
    };
  });

  function readLog(): Line[] {
    const text = readFileSync(logFile(), "utf8");
    expect(text.endsWith("\n")).toBe(true);
    let life = 0;
    return text
      .trimEnd()
      .split("\n")
      .map((line, at) => {
        const fields = JSON.parse(line) as Line;
        return { ...fields, life: fields.event === "killed" ? life++ : life, at };
      });
  }

  /** After a kill the store knows every attempt that this life has started, by row or by journal. */
  async function expectClaimsOf(life: number): Promise<void> {
    const started = readLog().filter((line) => line.event === "start" && line.life === life);
    const { store, close } = await open();
    try {
      const known = new Map<string, number>();
      for (let partition = 0; partition < QUEUE.partitions; partition++) {
        const from = { epoch: 0, sequence: 0 };
        for (const { claims } of await store.loadClaims({ partition, from, rowsMax: 100_000 })) {
          for (const { key, attempt } of claims) raise(known, formatTaskKey(key), attempt);
        }
      }
      for (const { key } of started) {
        const [row] = await rowsOf(store, QUEUE, [parseTaskKey(key)]);
        raise(known, key, row?.status?.attempts ?? 0);
      }
      for (const { key, attempt } of started) {
        expect(known.get(key)).toBeGreaterThanOrEqual(attempt);
      }
    } finally {
      await close();
    }
  }

  async function readRows(tasks: readonly Plan[]): Promise<Map<string, TaskRow>> {
    const { store, close } = await open();
    try {
      const rows = new Map<string, TaskRow>();
      for (const { key } of tasks) {
        const [row] = await rowsOf(store, QUEUE, [parseTaskKey(key)]);
        if (row !== undefined) rows.set(key, row);
      }
      return rows;
    } finally {
      await close();
    }
  }

  const open = () =>
    openEmbedded({ dir: join(dir.path, "data"), queue: QUEUE, clock: systemClock });
});

/** In the order of their scheduling; the last of each ordering id is due after all others. */
function plan(random: SeededRandom, nowMs: number): Plan[] {
  const tasks: Plan[] = [];
  for (let number = 0; number < IDS * TASKS_PER_ID; number++) {
    const isLast = number >= IDS * (TASKS_PER_ID - 1);
    const orderingId = `id-${number % IDS}`;
    const isOverdue = random.next() < 0.5;
    const offsetMs = Math.floor(random.next() * (isOverdue ? -OVERDUE_MS : AHEAD_MS));
    const scheduledTime = nowMs + (isLast ? AHEAD_MS : offsetMs);
    const uniquenessKey = String(number);
    tasks.push({
      key: formatTaskKey({ scheduledTimeMs: scheduledTime, orderingId, uniquenessKey }),
      orderingId,
      scheduledTime,
      uniquenessKey,
      data: { workMs: Math.floor(random.next() * 8), failsFirst: random.next() < 0.05, isLast },
      options: { maxAttempts: MAX_ATTEMPTS, backoff: { initialMs: 10 } },
    });
  }
  return tasks;
}

function expectAllDone(
  tasks: readonly Plan[],
  lines: readonly Line[],
  rows: ReadonlyMap<string, TaskRow>,
): void {
  const keys = tasks.map(({ key }) => key).toSorted();
  const keysOf = (event: Line["event"]) =>
    [...new Set(lines.filter((line) => line.event === event).map(({ key }) => key))].toSorted();
  expect(keysOf("ack")).toEqual(keys);
  expect(keysOf("start")).toEqual(keys);
  expect(keysOf("end")).toEqual(keys);
  const unfinished = keys.filter((key) => rows.get(key)?.status?.status !== "succeeded");
  expect(unfinished).toEqual([]);
}

function expectGrowing(numbers: readonly number[]): void {
  expect(numbers.filter((number, n) => n > 0 && number <= numbers[n - 1]!)).toEqual([]);
}

/** Within a life, each attempt of an ordering id ends before the next one starts. */
function expectOneAtATime(ofId: readonly Line[]): void {
  const attempts = ofId.filter(({ event }) => event !== "offer" && event !== "ack");
  const overlaps = attempts.filter((line, n) => {
    const before = attempts[n - 1];
    if (line.event !== "start") return before?.fence !== line.fence;
    return before?.event === "start" && before.life === line.life;
  });
  expect(overlaps).toEqual([]);
}

/**
 * A task that was acked before a later one was offered is on the log before it, and starts first.
 * Within a bucket: those of one batch are persisted, and pass through, one by one. (What a kill leaves on the log, not yet persisted, may be overtaken by what was persisted before.)
 */
function expectKeyOrder(ofId: readonly Line[], keyOf: ReadonlyMap<string, TaskKey>): void {
  const first = (event: Line["event"]) =>
    new Map(
      ofId
        .filter((line) => line.event === event)
        .toReversed()
        .map((line) => [line.key, line]),
    );
  const bucketIn = (key: string) => bucketOf(keyOf.get(key)!, QUEUE.bucketMs);
  const offers = first("offer");
  const acks = first("ack");
  const starts = [...first("start").values()].toSorted((a, b) => a.at - b.at);
  const overtaken = starts.flatMap((start, n) =>
    starts
      .slice(n + 1)
      .filter(
        ({ key }) =>
          compareTaskKeys(keyOf.get(key)!, keyOf.get(start.key)!) < 0 &&
          acks.get(key)!.at < offers.get(start.key)!.at &&
          bucketIn(key) === bucketIn(start.key),
      )
      .map(({ key }) => `${key}, acked before ${start.key} was offered, started after it`),
  );
  expect(overtaken).toEqual([]);
}

/**
 * A task starts again after a retry, or when a kill found it in flight: then it was the last of its
 * ordering id to start in that life, because the next one starts only after its outcome was recorded.
 */
function expectOnlyInFlightAgain(lines: readonly Line[]): void {
  const figures = { starts: 0, afterRetry: 0, openAtKill: 0, againOpen: 0, againEnded: 0 };
  /** The latest line of a task, and of an ordering id in a life. */
  const lastOfTask = new Map<string, Line>();
  const lastInLife = new Map<string, Line>();
  const unexplained: Line[] = [];
  for (const line of lines) {
    if (line.event === "offer" || line.event === "ack") continue;
    if (line.event === "killed") {
      const open = [...lastInLife.values()].filter(
        ({ event, life }) => event === "start" && life === line.life,
      );
      expect(open.length).toBeLessThanOrEqual(CONCURRENCY);
      figures.openAtKill += open.length;
      continue;
    }
    const id = parseTaskKey(line.key).orderingId;
    const before = lastOfTask.get(line.key);
    if (line.event === "start") {
      figures.starts++;
      if (before?.event === "retry") figures.afterRetry++;
      else if (before !== undefined) {
        const wasInFlight =
          before.life < line.life && lastInLife.get(`${before.life} ${id}`) === before;
        if (!wasInFlight) unexplained.push(line);
        figures[before.event === "start" ? "againOpen" : "againEnded"]++;
      }
    }
    lastOfTask.set(line.key, line);
    lastInLife.set(`${line.life} ${id}`, line);
  }
  expect(unexplained).toEqual([]);
  if (process.env["KILL_LOOP_FIGURES"]) process.stderr.write(`${JSON.stringify(figures)}\n`);
}

function endsOf(lines: readonly Line[]): Line[] {
  return lines.filter(({ event }) => event === "end" || event === "retry");
}

function groupBy<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}

function raise(known: Map<string, number>, key: string, attempt: number): void {
  known.set(key, Math.max(known.get(key) ?? 0, attempt));
}

function timeOf(key: string): number {
  return parseTaskKey(key).scheduledTimeMs;
}
