import type { TaskRow } from "@horae/core";
import { formatTaskKey, isFinished, sleep } from "@horae/core";
import { systemClock } from "@horae/client";
import { startsOf } from "../cluster/history.ts";
import { faultRow } from "./fault-row.ts";
import { useScene } from "./fault-scene.ts";

const ROW_MS = 300_000;
/** Half of them beside the tasks that kill their process, half beside the one that never ends. */
const BYSTANDERS = 500;
const MAX_ATTEMPTS = 3;
const LOOK_MS = 250;

const current = useScene();

/** One node at a time, started anew whenever it dies, as a supervisor does; until all of it is over. */
async function runUntilOver(keys: readonly string[]): Promise<TaskRow[]> {
  const start = () =>
    current.faults.startNode(`n-${current.faults.nodes.length}`, {
      nodeArgs: ["--max-old-space-size=96"],
    });
  let node = current.faults.nodes.at(-1) ?? start();
  for (;;) {
    const rows = await Promise.all(keys.map((key) => current.faults.bench.row(key)));
    if (rows.every((row) => isFinished(row?.status ?? null))) return rows.map((row) => row!);
    if (node.isOver) node = start();
    await sleep(systemClock, LOOK_MS);
  }
}

/** Poison tasks of these types, all due at once, and then their share of the bystanders. */
async function schedule(kinds: readonly string[], group: string): Promise<string[]> {
  const client = await current.faults.bench.client();
  const scheduledTime = systemClock.nowMs() + 2_000;
  const outcomes = await client.scheduleTasks([
    ...kinds.map((type) => ({
      type,
      orderingId: `poison-${type}`,
      uniquenessKey: "x",
      scheduledTime,
      data: { kills: MAX_ATTEMPTS, hangs: MAX_ATTEMPTS },
      options: { maxAttempts: MAX_ATTEMPTS, attemptTimeoutMs: 2_000, backoff: { initialMs: 50 } },
    })),
    ...Array.from({ length: BYSTANDERS / 2 }, (_, at) => ({
      type: "work",
      orderingId: `bystander-${group}${at}`,
      uniquenessKey: "x",
      scheduledTime: scheduledTime + at * 20,
      data: { workMs: 50 },
      options: { maxAttempts: MAX_ATTEMPTS, backoff: { initialMs: 50 } },
    })),
  ]);
  return outcomes.map((outcome) => (outcome.ok ? outcome.key : ""));
}

faultRow({ id: 15, name: "poison task of each kind", timeoutMs: ROW_MS }, async () => {
  const killed = await runUntilOver(await schedule(["kill", "block", "leak"], "a"));
  // By itself: it is no bystander of the others, and each of them may cost it one of its attempts.
  const hung = await runUntilOver(await schedule(["hang"], "b"));
  const poison = [...killed.slice(0, 3), ...hung.slice(0, 1)];
  expect(poison.map(({ status }) => [status?.status, status?.lastError?.code])).toEqual([
    ["failed", "ATTEMPTS_CRASHED"],
    ["failed", "ATTEMPTS_CRASHED"],
    ["failed", "ATTEMPTS_CRASHED"],
    ["failed", "TIMEOUT"],
  ]);
  const bystanders = [...killed.slice(3), ...hung.slice(1)];
  expect(bystanders).toHaveLength(BYSTANDERS);
  expect(bystanders.filter(({ status }) => status?.status !== "succeeded")).toEqual([]);
  const starts = startsOf(current.faults.nodes.flatMap((node) => node.attempts));
  const counts = new Map<string, number>();
  for (const { key } of starts) counts.set(key, (counts.get(key) ?? 0) + 1);
  const lost = bystanders.map(({ key }) => (counts.get(formatTaskKey(key)) ?? 0) - 1);
  expect(Math.max(...lost)).toBeLessThanOrEqual(1);
  const deaths = current.faults.nodes.length - 1;
  // The first death may cost all three an attempt; as suspects they run one at a time.
  expect(deaths).toBeGreaterThanOrEqual(1 + 3 * (MAX_ATTEMPTS - 1));
  const touched = lost.filter((attempts) => attempts > 0).length;
  return {
    evidence: `${deaths} processes died of ${poison.length} tasks`,
    figures: { deaths, bystandersThatLostOne: touched },
  };
});
