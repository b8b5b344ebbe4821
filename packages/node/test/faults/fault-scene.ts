import { systemClock } from "@horae/client";
import { formatTaskKey, partitionOf, sleep } from "@horae/core";
import type { CheckReport } from "@horae/testkit/checker";
import { startsOf } from "../cluster/history.ts";
import { msOf } from "../cluster/monotonic.ts";
import type { NodeConfigInput } from "../../src/index.ts";
import type { AttemptLine, NodeProcess } from "../cluster/node-process.ts";
import { QueueBench, type Servers, START_MS } from "../cluster/queue-bench.ts";
import { FaultBench } from "./fault-bench.ts";
import { Load, type LoadShape } from "./load.ts";

export const PARTITIONS = 6;
export const LEASE_MS = 3_000;
export const SESSION_MS = 6_000;

/** 2,000 tasks and more, 120 ordering ids, some slow, some that fail first. */
export const SHAPE: LoadShape = {
  tasks: 2_200,
  ids: 120,
  overMs: 16_000,
  aheadMaxMs: 4_000,
  maxAttempts: 5,
};

/** When the fault comes: with tasks persisted ahead, running, and on their way. */
const FAULT_AFTER_MS = 5_000;

/** What each row needs: a queue of its own, nodes, and a load in the middle of which something happens. */
export class FaultScene {
  readonly faults: FaultBench;
  readonly load: Load;
  #probes = 0;

  static async open(servers?: Servers, config: Partial<NodeConfigInput> = {}): Promise<FaultScene> {
    const bench = await QueueBench.open({
      partitions: PARTITIONS,
      bucketMs: 5_000,
      ...(servers !== undefined && { servers }),
      config,
    });
    await bench.horae("migrate");
    return new FaultScene(new FaultBench(bench), new Load(await bench.client(), SHAPE));
  }

  private constructor(faults: FaultBench, load: Load) {
    this.faults = faults;
    this.load = load;
  }

  /** Nodes that own the partitions between them. */
  async begin(...names: string[]): Promise<NodeProcess[]> {
    const nodes = names.map((name) => this.faults.startNode(name));
    await this.untilAtWork(nodes);
    return nodes;
  }

  async untilAtWork(nodes: readonly NodeProcess[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.ready()));
    await this.faults.untilOwned(nodes);
  }

  /** Lets the load run; `harm` comes in the middle of it. Resolves when all calls are answered. */
  async during(harm: () => Promise<void>): Promise<void> {
    const running = this.load.run();
    await sleep(systemClock, FAULT_AFTER_MS);
    await harm();
    await running;
  }

  /** Resolves when the log has taken a task in each of the partitions. */
  async untilAppended(): Promise<void> {
    const missing = new Set(Array.from({ length: PARTITIONS }, (_, partition) => partition));
    while (missing.size > 0) {
      const id = { orderingId: `probe-${this.#probes++}`, uniquenessKey: "x" };
      const partition = partitionOf(id.orderingId, PARTITIONS);
      if (!missing.has(partition)) continue;
      const scheduledTime = systemClock.nowMs();
      const key = { ...id, scheduledTimeMs: scheduledTime };
      const options = { maxAttempts: SHAPE.maxAttempts };
      await this.load.schedule([{ ...id, type: "work", scheduledTime, options }], [key]);
      if (this.load.acked.has(formatTaskKey(key))) missing.delete(partition);
    }
  }

  /** Waits for all that was acked, ends the nodes that still run, and checks what all of them did. */
  async finish(): Promise<CheckReport["counts"]> {
    const rows = await this.faults.drained(this.load);
    const alive = this.faults.nodes.filter((node) => !node.isOver);
    expect(await Promise.all(alive.map((node) => node.end("SIGTERM")))).toEqual(alive.map(() => 0));
    const { counts } = this.faults.expectKept(this.load, rows);
    expect(counts.acked).toBeGreaterThanOrEqual(2_000);
    // Throws for an exit code other than 0: something does not add up in log and store.
    await this.faults.bench.horae("verify");
    return counts;
  }

  close(): Promise<void> {
    return this.faults.bench.close();
  }
}

/** A scene for each test, which is gone after it. `open`: how. */
export function useScene(
  open: () => Promise<FaultScene> = () => FaultScene.open(),
  startMs = START_MS,
): { readonly scene: FaultScene; readonly faults: FaultBench } {
  let scene: FaultScene;
  beforeEach(async () => {
    scene = await open();
  }, startMs);
  afterEach(() => scene.close());
  return {
    get scene() {
      return scene;
    },
    get faults() {
      return scene.faults;
    },
  };
}

/**
 * From a moment to the first start in each of the partitions by these nodes, milliseconds, the longest.
 * `isMeant`: which starts count.
 */
export function gapMs(
  partitions: readonly number[],
  by: readonly NodeProcess[],
  sinceMs: number,
  isMeant: (start: AttemptLine) => boolean = () => true,
): number {
  const starts = by.flatMap((node) => startsOf(node.attempts)).filter(isMeant);
  const gaps = partitions.map((partition) => {
    const first = starts
      .filter((start) => start.partition === partition && msOf(start.at) > sinceMs)
      .map(({ at }) => msOf(at))
      .reduce((a, b) => Math.min(a, b), Infinity);
    return first - sinceMs;
  });
  return Math.round(Math.max(...gaps));
}
