import type { TaskKey, TaskOptions } from "@horae/core";
import type { EngineSettings } from "@horae/engine";
import type { Latency } from "./exchange.ts";
import type { LogHarm } from "./sim-log.ts";
import type { StoreHarm } from "./store-traffic.ts";

/** How one attempt of a task goes. */
export interface PlannedAttempt {
  readonly durationMs: number;
  /**
   * `later`: asks for a retry after `laterMs`. `hang`: ends only when its signal aborts. `deaf`: never
   * ends. `kill`: the process dies in the handler.
   */
  readonly end: "returns" | "throws" | "later" | "fails" | "hang" | "deaf" | "kill";
  readonly laterMs?: number;
}

/** Something that a client appends. */
export interface PlannedAppend {
  readonly atMs: number;
  /**
   * `task`: the key for the first time or again. `poison`: bytes that are no record. `misplaced`: on
   * another partition than its ordering id's.
   */
  readonly kind: "task" | "poison" | "misplaced";
  readonly key: TaskKey;
  /** What the handler must see one of. */
  readonly data: number;
  readonly options: TaskOptions;
}

export type PlannedFault = { readonly atMs: number } & (
  | { readonly kind: "kill"; readonly node: number; readonly downMs: number }
  /** Dies at the next call of an operation: before it is sent, when it was sent, when it was served. */
  | {
      readonly kind: "killAtCall";
      readonly node: number;
      readonly operation: string;
      readonly moment: "calling" | "sent" | "served";
      readonly downMs: number;
    }
  | { readonly kind: "restart"; readonly node: number; readonly downMs: number }
  | { readonly kind: "stop"; readonly node: number; readonly forMs: number }
  /** The whole machine: its monotonic clock stands still as well. */
  | { readonly kind: "suspend"; readonly node: number; readonly forMs: number }
  | { readonly kind: "stepClock"; readonly node: number; readonly byMs: number }
  | {
      readonly kind: "cut";
      readonly node: number;
      readonly service: "store" | "log";
      readonly way: "to" | "from" | "both";
      readonly forMs: number;
    }
  | { readonly kind: "replicaDown"; readonly replica: number; readonly forMs: number }
  | { readonly kind: "storeDown"; readonly forMs: number }
  | { readonly kind: "storeSlow"; readonly byMs: number; readonly forMs: number }
  | { readonly kind: "logDown"; readonly forMs: number }
  | { readonly kind: "leaderChange"; readonly partition: number; readonly forMs: number }
  /** Drops what is applied; the applied record itself too, or not. */
  | { readonly kind: "retention"; readonly partition: number; readonly keepsApplied: boolean }
  /** An unclean election: acknowledged records are lost. */
  | {
      readonly kind: "uncleanElection";
      readonly partition: number;
      readonly records: number;
      readonly forMs: number;
    }
);

/** Everything that a simulation does, apart from what its seed draws on the way. */
export interface Plan {
  readonly seed: number;
  /**
   * `safety`: every fault heals. `liveness`: at `healMs` the nodes of the core are whole, and the others
   * stay as they are then for ever.
   */
  readonly mode: "safety" | "liveness";
  readonly core: readonly number[];
  /** Faults and appends end here. */
  readonly healMs: number;
  /** The least that is simulated. */
  readonly horizonMs: number;
  readonly nodes: number;
  readonly partitions: number;
  readonly replicas: 1 | 3;
  readonly bucketMs: number;
  readonly settings: Partial<EngineSettings>;
  readonly clocks: readonly { readonly offsetMs: number; readonly driftPpm: number }[];
  readonly storeLatency: Latency;
  readonly logLatency: Latency;
  readonly storeHarm: StoreHarm;
  readonly logHarm: LogHarm;
  readonly sessionMs: number;
  readonly rebalanceMaxMs: number;
  readonly appends: readonly PlannedAppend[];
  /** By token of the key; the last one is repeated. */
  readonly attempts: Readonly<Record<string, readonly PlannedAttempt[]>>;
  readonly faults: readonly PlannedFault[];
}
