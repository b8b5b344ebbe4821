import type { Clock, Log, TaskStore } from "@horae/core";
import type { EngineState } from "@horae/engine";

/** Log and store are asked at most this often, however many ask the node. */
const ASK_EVERY_MS = 1_000;
const ASK_TIMEOUT_MS = 2_000;

/** Null: all is well; else what is not. */
export type Check = string | null;

export interface Readiness {
  readonly isReady: boolean;
  readonly checks: Readonly<Record<CheckName, Check>>;
}

type CheckName = "started" | "group" | "partitions" | "log" | "store" | "disk";

/** What readiness is about. */
export interface ReadinessSource {
  readonly log: Pick<Log, "bounds">;
  readonly store: Pick<TaskStore, "findSummary">;
  /** Of a directory that cannot be written to. */
  readonly disk: () => Check;
  readonly state: () => EngineState;
}

/** Says whether the node does its part: what it should own it runs, and log and store answer. */
export class ReadinessProbe {
  readonly #clock: Clock;
  readonly #source: () => ReadinessSource | null;
  #asked: { readonly atMs: number; readonly answer: Promise<{ log: Check; store: Check }> } | null =
    null;

  /** `source` answers null while the node has not started. */
  constructor(clock: Clock, source: () => ReadinessSource | null) {
    this.#clock = clock;
    this.#source = source;
  }

  async check(): Promise<Readiness> {
    const source = this.#source();
    if (source === null) {
      const started = "the node waits for its log and store";
      return {
        isReady: false,
        checks: { started, group: null, partitions: null, log: null, store: null, disk: null },
      };
    }
    const { log, store } = await this.#askPorts(source);
    const { group, workingPartitions } = source.state();
    const engine = checkEngine({ group, workingPartitions });
    const checks = { started: null, ...engine, log, store, disk: source.disk() };
    return { isReady: Object.values(checks).every((check) => check === null), checks };
  }

  #askPorts(source: ReadinessSource): Promise<{ log: Check; store: Check }> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#asked === null || nowMs - this.#asked.atMs >= ASK_EVERY_MS) {
      this.#asked = { atMs: nowMs, answer: this.#ask(source) };
    }
    return this.#asked.answer;
  }

  async #ask({ log, store }: ReadinessSource): Promise<{ log: Check; store: Check }> {
    const [logCheck, storeCheck] = await Promise.all([
      this.#answers(log.bounds(0)),
      this.#answers(store.findSummary({ partition: 0, bucket: 0 })),
    ]);
    return { log: logCheck, store: storeCheck };
  }

  #answers(call: Promise<unknown>): Promise<Check> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(ASK_TIMEOUT_MS, () => resolve("does not answer"));
      call.then(
        () => resolve(null),
        (error: unknown) => resolve(error instanceof Error ? error.message : String(error)),
      );
      call.finally(() => timer.cancel()).catch(() => undefined);
    });
  }
}

/** A partition that the group gives to this node should run here. */
export function checkEngine({ group, workingPartitions }: EngineState): {
  group: Check;
  partitions: Check;
} {
  if (group === null) return { group: "not joined yet", partitions: null };
  const idle = group.partitions.filter((partition) => !workingPartitions.includes(partition));
  return {
    group: group.state === "lost" ? "cannot be reached" : null,
    partitions: idle.length === 0 ? null : `not running: ${idle.join(", ")}`,
  };
}
