import { systemClock } from "@horae/client";
import { formatTaskKey, parseTaskKey, sleep } from "@horae/core";
import type { NodeProcess } from "../cluster/node-process.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";
import { historyOf, percentile, startsOf } from "../cluster/history.ts";
import { faultRow, keepHistory } from "./fault-row.ts";
import { gapMs, SHAPE, useScene } from "./fault-scene.ts";
import { latenessOf, scheduleSteady, steadyStartsOf } from "./steady-tasks.ts";

const ROW_MS = 300_000;
/** So long a drain waits for handlers, and its abort for those that do not listen. */
const DRAIN_MS = 30_000;
const ABORT_GRACE_MS = 10_000;

/** Handlers of 20 ms at the most, something due in each partition about every 60 ms. */
const STEADY = { tasks: 6_000, aheadMs: 10_000, overMs: 60_000, workMaxMs: 20 };
/** Long enough for each of the moves to be over before the next one. */
const STAY_MS = 1_000;
const PAUSE_MS = 250;
const PAUSE_OF_OTHERS_MS = 50;
/** What has waited while a partition moved has run by then. */
const CATCH_UP_MS = 1_000;

const current = useScene();

/** A partition on its way, from the last start by its owner to the first one by the next owner. */
interface Move {
  readonly partition: number;
  readonly lastStartMs: number;
  readonly firstStartMs: number;
  /** The part of it in which something was due, milliseconds. */
  readonly pauseMs: number;
  /** What it was made of, milliseconds: the drain, the wait for the lease and the take-over, the first load. */
  readonly drainMs: number;
  readonly takeOverMs: number;
  readonly firstLoadMs: number;
}

function movesOf(nodes: readonly NodeProcess[]): Move[] {
  const starts = startsOf(historyOf(nodes));
  const released = nodes.flatMap((node) => node.events("leaseReleased"));
  const takenOver = nodes.flatMap((node) => node.events("takeOverEnded"));
  return released.flatMap(({ partition, epoch, at, elapsedMs }) => {
    const ofPartition = starts.filter((start) => start.partition === partition);
    const last = ofPartition.findLast((start) => start.epoch === epoch);
    const next = ofPartition.find((start) => start.epoch > epoch);
    const taken = takenOver.find(
      (event) => event.partition === partition && event.epoch === next?.epoch,
    );
    if (last === undefined || next === undefined || taken === undefined) return [];
    return [
      {
        partition,
        lastStartMs: msOf(last.at),
        firstStartMs: msOf(next.at),
        pauseMs: next.time - Math.max(last.time, parseTaskKey(next.key).scheduledTimeMs),
        drainMs: elapsedMs,
        takeOverMs: msOf(taken.at) - msOf(at),
        firstLoadMs: msOf(next.at) - msOf(taken.at),
      },
    ];
  });
}

faultRow({ id: 24, name: "planned moves", timeoutMs: ROW_MS }, async () => {
  const { scene, faults } = current;
  const nodes = await scene.begin("steady");
  await scheduleSteady(scene.load, STEADY);
  const startedCount = () => steadyStartsOf(historyOf(nodes)).length;
  await nodes[0]!.until("tasks are due", () => startedCount() > 0);
  // The first guest finds servers that have never served a move: their compilers are busy with it.
  let warmAtMs = Infinity;
  while (startedCount() < 0.9 * STEADY.tasks) {
    const guest = faults.startNode(`guest-${nodes.length}`);
    nodes.push(guest);
    await faults.untilOwned([nodes[0]!, guest]);
    await guest.until("it has run something in each of its partitions", () => {
      const at = new Set(startsOf(guest.attempts).map(({ partition }) => partition));
      return faults.owned(guest).every((partition) => at.has(partition));
    });
    await sleep(systemClock, STAY_MS);
    expect(await guest.end("SIGTERM")).toBe(0);
    await faults.untilOwned([nodes[0]!]);
    warmAtMs = Math.min(warmAtMs, monotonicMs());
    await sleep(systemClock, STAY_MS);
  }
  await scene.finish();
  const moves = movesOf(nodes);
  keepHistory("24-moves", moves);
  const measured = moves.filter(({ firstStartMs }) => firstStartMs > warmAtMs);
  const pausesMs = measured.map(({ pauseMs }) => pauseMs).toSorted((a, b) => a - b);
  const staying = steadyStartsOf(historyOf(nodes)).filter(({ partition, at }) =>
    moves.every(
      (move) =>
        move.partition !== partition ||
        msOf(at) < move.lastStartMs ||
        msOf(at) > move.firstStartMs + CATCH_UP_MS,
    ),
  );
  const { p99Ms, maxMs } = latenessOf(staying);
  const pauseP99Ms = percentile(pausesMs, 0.99);
  expect(measured.length).toBeGreaterThan(30);
  expect(staying.length).toBeGreaterThan(STEADY.tasks / 4);
  expect(pauseP99Ms).toBeLessThanOrEqual(PAUSE_MS);
  expect(p99Ms).toBeLessThanOrEqual(PAUSE_OF_OTHERS_MS);
  return {
    evidence: `${moves.length} partitions moved, from node to node and back`,
    figures: {
      measured: measured.length,
      pauseP50Ms: percentile(pausesMs, 0.5),
      pauseP99Ms,
      latenessOfOthersP99Ms: p99Ms,
      latenessOfOthersMaxMs: maxMs,
    },
  };
});

faultRow({ id: 17, name: "handler of 60 s during a move", timeoutMs: ROW_MS }, async () => {
  const { scene } = current;
  const { load } = scene;
  const nodes = (await scene.begin("a", "b")) as [NodeProcess, NodeProcess];
  const scheduledTime = systemClock.nowMs();
  const id = { orderingId: "long", uniquenessKey: "x" };
  const key = { ...id, scheduledTimeMs: scheduledTime };
  const long = formatTaskKey(key);
  const startsOfLong = (node: NodeProcess) =>
    startsOf(node.attempts).filter(({ key }) => key === long);
  let leaving = nodes[0];
  await scene.during(async () => {
    const { maxAttempts } = SHAPE;
    await load.schedule([{ ...id, type: "long", scheduledTime, options: { maxAttempts } }], [key]);
    leaving = await nodes[0].until("it runs", () =>
      nodes.find((node) => startsOfLong(node).length > 0),
    );
    expect(await leaving.end("SIGTERM")).toBe(0);
  });
  const counts = await scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  const staying = nodes.find((node) => node !== leaving)!;
  const [first] = startsOfLong(leaving);
  const [second] = startsOfLong(staying);
  const released = leaving.events("leaseReleased");
  const [heldUp, others] = [true, false].map((isLong) =>
    released.filter(({ partition }) => (partition === first!.partition) === isLong),
  ) as [typeof released, typeof released];
  // The other partitions did not wait for it.
  const gaps = others.map(({ partition, at }) => gapMs([partition], [staying], msOf(at)));
  const [begin] = others.map(({ at }) => msOf(at)).toSorted((a, b) => a - b);
  const heldUpMs = Math.round(msOf(heldUp[0]!.at) - begin!);
  expect(heldUpMs).toBeGreaterThan(DRAIN_MS - 2_000);
  expect(heldUpMs).toBeLessThan(DRAIN_MS + ABORT_GRACE_MS);
  expect(second!.attempt).toBeGreaterThan(first!.attempt);
  return {
    evidence: `its partition was released ${heldUpMs} ms after the others, and it ran to its end elsewhere`,
    figures: { heldUpMs, longestGapOfOthersMs: Math.max(...gaps) },
  };
});
