import type { TaskRow } from "@horae/core";
import { isFinished, sleep, within } from "@horae/core";
import { systemClock } from "@horae/client";
import type { CheckReport, HistoryLine } from "@horae/testkit/checker";
import { checkHistory, FaultWindows, finalTaskOf } from "@horae/testkit/checker";
import { keepHistory } from "./fault-row.ts";
import { lineOf } from "../cluster/checked-history.ts";
import { historyOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import type { QueueBench } from "../cluster/queue-bench.ts";
import type { NodeConfigInput } from "../../src/index.ts";
import type { Load } from "./load.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";

/** So long after a fault its harm may show: a session of Kafka, a take-over, an abort grace. */
const GRACE_MS = 20_000;

/** Tasks that have not ended by then, after the last call was answered, are stuck. */
const DRAINED_MAX_MS = 120_000;

/** Partitions that are not owned by then will not be. */
const OWNED_MAX_MS = 100_000;

/** How often it is asked what is not finished yet. */
const LOOK_MS = 250;

/** A queue whose nodes meet faults, and the history that they leave. */
export class FaultBench {
  readonly bench: QueueBench;
  readonly nodes: NodeProcess[] = [];
  readonly #lines: HistoryLine[] = [];
  #faults = 0;

  constructor(bench: QueueBench) {
    this.bench = bench;
  }

  /** The names of nodes are not used again: a node that is started anew is another one. */
  startNode(
    name: string,
    options: {
      uid?: number;
      nodeArgs?: readonly string[];
      config?: Partial<NodeConfigInput>;
    } = {},
  ): NodeProcess {
    const node = this.bench.startNode(name, options);
    this.nodes.push(node);
    this.#lines.push({ line: "boot", atMs: monotonicMs(), node: name });
    return node;
  }

  /** Resolves when the nodes own all partitions between them, each some. */
  async untilOwned(nodes: readonly NodeProcess[]): Promise<void> {
    const { partitions } = this.bench.queue;
    const least = Math.floor(partitions / nodes.length);
    let owned: number[] = [];
    const areOwned = (): boolean => {
      owned = nodes.map((node) => this.owned(node).length);
      return owned.every((count) => count >= least) && sum(owned) === partitions;
    };
    const done = nodes[0]!.until("the partitions are owned", areOwned).then(() => undefined);
    await within(systemClock, OWNED_MAX_MS, done);
    if (areOwned()) return;
    this.#keepEvents("unowned");
    // It rejects, and says what the node has logged.
    if (nodes[0]!.isOver) await done;
    throw new Error(`after ${OWNED_MAX_MS} ms the nodes own ${owned.join(", ")} partitions`);
  }

  /** Partitions that a node has taken over and neither released nor lost. */
  owned(node: NodeProcess): number[] {
    const owned = new Set<number>();
    for (const line of node.lines) {
      if (line.line !== "event") continue;
      if (line.type === "takeOverEnded") owned.add(line.partition);
      if (line.type === "leaseReleased" || line.type === "leaseLost") owned.delete(line.partition);
    }
    return [...owned];
  }

  /** Notes that a fault begins; call the result when it is over. `nodes`: null for all. */
  fault(name: string, nodes: readonly NodeProcess[] | null): () => void {
    const line = { fault: ++this.#faults, name, nodes: nodes?.map((node) => node.name) ?? null };
    this.#lines.push({ line: "faultBegan", atMs: monotonicMs(), ...line });
    return () => this.#lines.push({ line: "faultEnded", atMs: monotonicMs(), ...line });
  }

  /** kill -9. Resolves when the process is gone. */
  async kill(node: NodeProcess): Promise<number> {
    const atMs = monotonicMs();
    await node.end("SIGKILL");
    this.#lines.push({ line: "death", atMs: monotonicMs(), node: node.name });
    return atMs;
  }

  /** Resolves with the rows of all acked tasks when each of them is finished. */
  async drained(load: Load): Promise<TaskRow[]> {
    const finished: TaskRow[] = [];
    let left = [...load.acked];
    const untilMs = monotonicMs() + DRAINED_MAX_MS;
    for (;;) {
      const rows = await Promise.all(left.map((key) => this.bench.row(key)));
      const isOver = (at: number): boolean => isFinished(rows[at]?.status ?? null);
      finished.push(
        ...rows.filter((row, at) => row !== undefined && isOver(at)).map((row) => row!),
      );
      left = left.filter((_, at) => !isOver(at));
      if (left.length === 0) return finished;
      if (monotonicMs() > untilMs) this.#giveUp(left, rows.at(-1));
      await sleep(systemClock, LOOK_MS);
    }
  }

  /** Says what the nodes have not done, and keeps what they have said. */
  #giveUp(left: readonly string[], last: TaskRow | undefined): never {
    this.#keepEvents("stuck");
    throw new Error(`${left.length} tasks have not ended, one of them ${JSON.stringify(last)}`);
  }

  #keepEvents(why: string): void {
    keepHistory(
      `${this.bench.name}-${why}`,
      this.nodes.flatMap((node) => node.lines.map((line) => ({ of: node.name, ...line }))),
    );
  }

  /**
   * Every promise was kept, and no lease was lost without a fault. `rows`: what `drained` gave. Call it
   * when the nodes have ended.
   */
  expectKept(load: Load, rows: readonly TaskRow[]): CheckReport {
    const final = rows.map(finalTaskOf);
    const lines = [...this.#lines, ...load.lines, ...historyOf(this.nodes).map(lineOf)];
    const history = { lines: lines.toSorted((a, b) => a.atMs - b.atMs), final, isDrained: true };
    const report = checkHistory(history, { graceMs: GRACE_MS, zombieMs: GRACE_MS });
    if (report.violations.length > 0) keepHistory(this.bench.name, history.lines);
    expect(report.violations).toEqual([]);
    expect(report.counts.acked).toBe(load.acked.size);
    const windows = new FaultWindows(history, GRACE_MS);
    const lost = this.nodes.flatMap((node) =>
      node
        .events("leaseLost")
        .map(({ partition, at }) => ({ node: node.name, partition, atMs: msOf(at) }))
        .filter(({ atMs }) => !windows.touches(node.name, atMs, atMs)),
    );
    if (lost.length > 0) this.#keepEvents("lost");
    expect(lost).toEqual([]);
    // What the auditor has to heal is a bug, whatever the fault.
    expect(this.nodes.flatMap((node) => node.events("taskForgotten"))).toEqual([]);
    return report;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
