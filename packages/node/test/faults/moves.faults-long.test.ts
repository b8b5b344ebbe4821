import { systemClock } from "@horae/client";
import { formatTaskKey } from "@horae/core";
import type { NodeProcess } from "../cluster/node-process.ts";
import { msOf } from "../cluster/monotonic.ts";
import { startsOf } from "../cluster/history.ts";
import { faultRow } from "./fault-row.ts";
import { gapMs, SHAPE, useScene } from "./fault-scene.ts";

const ROW_MS = 300_000;
/** So long a drain waits for handlers, and its abort for those that do not listen. */
const DRAIN_MS = 30_000;
const ABORT_GRACE_MS = 10_000;

const current = useScene();

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
