import { systemClock } from "@horae/client";
import { SeededRandom, sleep } from "@horae/core";
import { poisonOfEveryKind } from "../cluster/poison.ts";
import { faultRow } from "./fault-row.ts";
import { SHAPE, useScene } from "./fault-scene.ts";
import { monotonicMs } from "../cluster/monotonic.ts";

const ROW_MS = 180_000;

const current = useScene();

faultRow({ id: 16, name: "10 % poison records", timeoutMs: ROW_MS }, async () => {
  const nodes = await current.scene.begin("a", "b");
  const kinds = poisonOfEveryKind(systemClock.nowMs());
  const poison = Array.from(
    { length: SHAPE.tasks / 10 },
    (_, index) => kinds[index % kinds.length]!.record,
  );
  await current.scene.during(() => current.faults.bench.produce(poison));
  await current.scene.finish();
  const quarantined = nodes.flatMap((node) => node.events("recordQuarantined")).length;
  expect(quarantined).toBe(poison.length);
  return { evidence: `${quarantined} records in quarantine`, figures: { quarantined } };
});

faultRow(
  { id: 18, name: "member that joins and leaves every 2 s", timeoutMs: ROW_MS },
  async () => {
    const [steady] = await current.scene.begin("steady");
    let joins = 0;
    await current.scene.during(async () => {
      const untilMs = monotonicMs() + 14_000;
      while (monotonicMs() < untilMs) {
        const guest = current.faults.startNode(`guest-${joins++}`);
        await guest.ready();
        await sleep(systemClock, 2_000);
        expect(await guest.end("SIGTERM")).toBe(0);
      }
    });
    const counts = await current.scene.finish();
    expect(counts.allowedRepeats).toBe(0);
    const moves = steady!.events("leaseReleased").length;
    expect(moves).toBeGreaterThan(0);
    return {
      evidence: `${joins} joins, ${moves} partitions given away`,
      figures: { joins, moves },
    };
  },
);

faultRow(
  { id: 19, name: "kill -9 in a loop, every 1-3 s for 60 s", timeoutMs: 2 * ROW_MS },
  async () => {
    const random = new SeededRandom(19);
    let kills = 0;
    let nodes = await current.scene.begin("n-0", "n-1");
    let started = nodes.length;
    await current.scene.during(async () => {
      const untilMs = monotonicMs() + 60_000;
      while (monotonicMs() < untilMs) {
        await sleep(systemClock, 1_000 + 2_000 * random.next());
        const [oldest, ...others] = nodes;
        await current.faults.kill(oldest!);
        kills++;
        nodes = [...others, current.faults.startNode(`n-${started++}`)];
      }
    });
    const counts = await current.scene.finish();
    expect(counts.allowedRepeats).toBeGreaterThan(0);
    return {
      evidence: `${kills} nodes killed, ${counts.allowedRepeats} attempts again`,
      figures: { kills, startedAgain: counts.allowedRepeats },
    };
  },
);
