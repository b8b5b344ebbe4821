import { bucketOf, HoraeError, type LeaseSwap, type TaskRow } from "@horae/core";
import type { Intercept } from "@horae/testkit";
import { covers } from "../src/summary-rules.ts";
import { BUCKET_MS, type EngineBench } from "./engine-bench.ts";

type Call = Parameters<Intercept>[0];
type When = Call["when"];
type Matches = (args: readonly unknown[]) => boolean;

/** A call that stands still until it is released. */
export interface Held {
  /** The call that stands there; undefined while none has come. */
  readonly call: Call | undefined;
  release(): void;
}

interface Rule {
  readonly operation: string;
  readonly when: When;
  readonly matches: Matches;
  readonly act: (call: Call) => void | Promise<void>;
  timesLeft: number;
}

const ALWAYS: Matches = () => true;

/** Holds and fails chosen calls of a memory adapter, and remembers all of them. */
export class Faults {
  readonly calls: Call[] = [];
  readonly #rules: Rule[] = [];
  readonly #held = new Set<() => void>();

  constructor(port: { intercept: Intercept | undefined }) {
    port.intercept = (call) => this.#on(call);
  }

  /** Holds the next call that matches, `before` it has its effect or `after` that. */
  hold(operation: string, when: When, matches: Matches = ALWAYS): Held {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held.add(release);
    let held: Call | undefined;
    const act = (call: Call): Promise<void> => {
      held = call;
      return gate;
    };
    this.#rules.push({ operation, when, matches, act, timesLeft: 1 });
    return {
      get call() {
        return held;
      },
      release,
    };
  }

  /** Loses the answer of the next call that matches: nobody knows whether it was executed. */
  lose(operation: string, when: When, matches: Matches = ALWAYS): void {
    const act = (): never => {
      throw new HoraeError("STORE_UNKNOWN", "no answer", { certain: false });
    };
    this.#rules.push({ operation, when, matches, act, timesLeft: 1 });
  }

  /** Fails every such call, until everything is released. */
  refuse(operation: string, code: "LOG_UNAVAILABLE" | "STORE_UNAVAILABLE"): void {
    const act = (): never => {
      throw new HoraeError(code, "cut off");
    };
    this.#rules.push({ operation, when: "before", matches: ALWAYS, act, timesLeft: Infinity });
  }

  releaseAll(): void {
    this.#rules.length = 0;
    for (const release of this.#held) release();
  }

  count(operations: RegExp): number {
    return this.calls.filter(
      ({ operation, when }) => when === "before" && operations.test(operation),
    ).length;
  }

  #on(call: Call): void | Promise<void> {
    this.calls.push(call);
    for (const rule of this.#rules) {
      if (rule.timesLeft === 0 || rule.operation !== call.operation) continue;
      if (rule.when !== call.when || !rule.matches(call.args)) continue;
      rule.timesLeft--;
      return rule.act(call);
    }
  }
}

export function isOpen({ status }: TaskRow): boolean {
  return status === null || status.status === "retrying";
}

/**
 * The invariant of the bucket summaries: unfinished rows of records at or below the checkpointed
 * offset that no acknowledged summary covers. Must be empty at all times.
 */
export async function uncoveredRows(bench: EngineBench, partition = 0): Promise<TaskRow[]> {
  const index = await bench.store.loadSummaries({
    partition,
    fromBucket: 0,
    toBucket: null,
    rowsMax: 10_000,
  });
  const summaries = new Map(index.map(({ bucket, summary }) => [bucket, summary]));
  const applied = (await bench.leases.read(partition))?.checkpoint.appliedOffset ?? -1;
  return bench.store.allTasks(partition).filter((row) => {
    if (!isOpen(row) || row.request === null || row.request.offset > applied) return false;
    const summary = summaries.get(bucketOf(row.key, BUCKET_MS));
    return summary === undefined || !covers(summary, row.key);
  });
}

/** Is it a swap by this node that changes the epoch to `epoch`? */
export function isSwapOf(node: string, epoch?: number): Matches {
  return (args) => {
    const { lease } = args[0] as LeaseSwap;
    const isOwner = lease.owner?.startsWith(`${node}#`) === true;
    return isOwner && (epoch === undefined || lease.epoch === epoch);
  };
}
